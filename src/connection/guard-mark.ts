/**
 * What the reply text of a connection.close begins with, behind the code's name, where `ghostframe proxy --guard` wrote
 * it: a recording must not blame the broker for it.
 */
export const GUARD_MARK = "ghostframe: ";
