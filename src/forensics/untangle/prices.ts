/**
 * What each part of a reading costs, in nats: minus the logarithm of its probability. Measured on streams of known
 * truth and on recordings of real clients, neither of which the tests use.
 */

/** A frame under way is interrupted, and not at a segment's end. */
export const CUT = 2;
/** An interrupted frame goes on. */
export const RESUME = 1;
/** A whole number of buffers behind the last cut. */
export const ON_GRID = 1.5;
export const ANYWHERE = 8;
/** Off a segment's end in a stream whose writes are segments. */
export const OFF_SEGMENT = 11;
/** A start is read as content: the first time, another in the same frame, another in the stream. */
export const IGNORED_WHOLE = 25;
export const IGNORED_HALF = 10;
export const IGNORED_BODY_DUE = 25;
export const IGNORED_BODY_FITS = 3;
export const IGNORED_AGAIN_HERE = 0.1;
export const IGNORED_AGAIN = 4;
/** An interrupted frame goes on where a frame starts. */
export const RESUMED_OVER_START = 25;
/** Two writers on one channel: the first time, and again. */
export const SHARED_CHANNEL = 6;
export const SHARED_AGAIN = 0.4;
/** Other frames between the frames of one message: the first time, and again. */
export const SPLIT_MESSAGE = 4;
export const SPLIT_AGAIN = 1;
/** A content header or body whose method or header is not known. */
export const STRAY = 25;
/** A body that is neither the rest of its content nor as large as frame-max allows. */
export const ODD_BODY = 6;
/** A header cut short, beyond its cut. */
export const TORN_HEADER = 2;
/** What is open where the octets end. */
export const OPEN_SUSPENDED = 6;
export const OPEN_RUNNING = 1;
export const OPEN_CONTENT = 4;
/**
 * A frame whose last octet is not the frame-end octet, though another starts right behind it; one that is unfinished
 * where the octets end, and must not be; one that does not decode.
 */
export const BAD_END = 14;
export const NOT_DONE = 40;
export const UNDECODABLE = 40;
/** A frame goes on whose beginning was not captured. */
export const BEGUN_BEFORE = 10;
/** Octets of no frame, and those of another protocol that is recognised. */
export const JUNK = 50;
/** And for each octet: the more there are, the more certain it is that a writer wrote them. */
export const JUNK_OCTET = 1 / 2048;
export const FOREIGN = 8;
/** Octets sent twice, the rest of a buffer that was overwritten, and the end of a body whose beginning is missing. */
export const SENT_AGAIN = 12;
export const OVERWRITTEN = 12;
export const BEGINNING_LOST = 20;
