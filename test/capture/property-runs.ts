/** The same runs every time; FC_SEED asks for others. The seed stands in the name of each test that uses it. */
export const PROPERTY = { seed: Number(process.env.FC_SEED ?? 20_261_121) };
