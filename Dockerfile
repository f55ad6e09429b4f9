# docker build -t charrnn .
# docker run --rm -it -v "$PWD":/work charrnn train text.txt
FROM python:3.13-slim AS build
COPY . /source
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /source

FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl && rm -r /wheels && useradd --create-home charrnn
USER charrnn
WORKDIR /work
ENTRYPOINT ["charrnn"]
CMD ["--help"]
