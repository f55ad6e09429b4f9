/* Values as one of 15 colours, -7 to 7, on one fixed scale for all cells. */
const LEVELS = 7;
const MOST_BITS = 8; /* a surprisal that has the strongest colour */
const classOf = (level) => (level < 0 ? `m${-level}` : level > 0 ? `p${level}` : "z");
const levelOfBits = (bits) => (bits > 0 ? Math.min(LEVELS, Math.round((bits / MOST_BITS) * LEVELS)) : 0);
