/** What a text must hold before it is looked at closely: most lines of a log are passed over by these. */
import { speaksOfAmqp } from "./known-lines/match.ts";

/** Whether `errorsIn` may find something: quick, and now and then wrong to say so. */
export function mayNameError(text: string, elsewhere: boolean): boolean {
  return mayHoldSentence(text) || (HINTS.test(text) && (elsewhere || mayBeAmqp(text)));
}

/** Whether one of the broker's sentences, or a reply code's name, may be in it. */
export function mayHoldSentence(text: string): boolean {
  return SENTENCE_HINTS.test(text);
}

/** Pieces of which one is in every text that a sentence or a code matches. */
const SENTENCE_HINTS =
  /frame_too_large|frame_end|octets =|unknown_frame|_FRAME|FRAME_ERR|FRAME-|expected |cannot decode|Malformed|content body|unknown_method|channel\.open' seen|unexpected method|channels opened|unimplemented|immediate=true|active=false|prefetch_size|NTERNAL|bad_header|bad_version|amqp1_0|detected|did not start|negotiate|exceeded max|rabbit_binary_parser|rame end|rame size|Oversize|alformedFrame|CHANNEL_ERROR|COMMAND_INV|caused a connection/;

/** Whether a text that is not a broker's may be an AMQP client's: quick, and now and then wrong to say so. */
function mayBeAmqp(text: string): boolean {
  return CLIENT_HINTS.test(text) || speaksOfAmqp(text);
}

/** Words of what clients say of AMQP without naming it. Any letter case. */
const CLIENT_HINTS =
  /frame|heartbeat|octet|0xce|delivery|precondition|vhost|channel|handshake|not[_-](?:found|allowed)|refused|locked|forced|initiated by|reason: \\?"|broker|protocol|signature|bad record mac|stream|login|field|unexpected|writer|upstream|inequivalent|consumer|internal|shovel|negotiat|amq|mechanism/i;

/** Words of which one is in every text that a known line matches. Any letter case. */
const HINTS =
  /frame|only supports|cancel|octets =|expect|cannot|malformed|content|method|channel\.open|channels|unimpl|immediate=|active=|prefetch_size|internal|bad_|amqp1_0|detected|did not start|negotiat|exceed|rabbit_binary|error|exception|invalid|fail|clos|refus|time|heartbeat|abrupt|reset|lost|eof|broken|pipe|unknown|unexpected|limit|alarm|watermark|disk space|in use|exclusive|locked|not[_ -]found|no[ _-](?:queue|exchange|binding|route|socket|such|consumers)|forced|blocked|allowed|credential|mac\b|record|alert|proxy|sasl|stream|hovel|ederation|mismatch|version|prefix|tag|short|long|large|unsupported|unable|socket|crash|protocol header|vhost|denied|dropped|understood|exit reason|stuck|disconnect|hang up|response|log in|login|shutdown|through a closed|notfound|eai_again|serialise|encode|upstream|amq2|too many|send_|not open|conn|addrinfo|interrupted/i;
