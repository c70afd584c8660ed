/** A folder of Parquet files, one for each capture: DIR/capture=NAME/TABLE.parquet, as query engines find partitions. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { ByteWriter, ParquetWriter, SchemaElement } from "hyparquet-writer";
import type { Column, ColumnType, Table } from "../report/tables.ts";
import { NewFile, type NewFileOptions } from "./new-file.ts";
import { OutputFileError } from "./output-file-error.ts";

type Library = typeof import("hyparquet-writer");

/** Rows that wait to be written, of all captures; those of the capture with the most are then a row group. */
const MAX_ROWS = 1 << 16;

const ELEMENTS: Readonly<Record<ColumnType, Partial<SchemaElement>>> = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  json: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  time: { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "NANOS" } },
  integer: { type: "INT64" },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
};

/** What is written of one capture. */
interface Part {
  columns: unknown[][];
  rows: number;
  open: { file: NewFile; octets: ByteWriter; parquet: ParquetWriter } | null;
}

export class ParquetFolder<Row> {
  readonly #library: Library;
  readonly #folder: string;
  readonly #table: Table<Row>;
  readonly #names: readonly string[];
  readonly #options: NewFileOptions;
  readonly #parts = new Map<number, Part>();
  #rows = 0;

  private constructor(
    library: Library,
    folder: string,
    table: Table<Row>,
    paths: readonly string[],
    options: NewFileOptions,
  ) {
    this.#library = library;
    this.#folder = folder;
    this.#table = table;
    this.#names = partitions(paths);
    this.#options = options;
  }

  /**
   * `paths`: the captures. A capture without rows gets a file, too.
   *
   * @throws OutputFileError if a file is there already and must not be replaced
   */
  static async create<Row>(
    folder: string,
    table: Table<Row>,
    paths: readonly string[],
    options: NewFileOptions,
  ): Promise<ParquetFolder<Row>> {
    const made = new ParquetFolder(await import("hyparquet-writer"), folder, table, paths, options);
    for (const input of paths.keys()) {
      const path = made.#pathOf(input);
      if (!options.force && existsSync(path))
        throw new OutputFileError(`${path}: is there already; --force replaces it`);
    }
    return made;
  }

  /** Takes a row. Rows wait for `ready` to be written. */
  add(row: Row): void {
    const part = this.#partOf(this.#table.input(row));
    const { columns } = this.#table;
    for (let i = 0; i < columns.length; i++) part.columns[i]!.push(cell(columns[i]!, row));
    part.rows++;
    this.#rows++;
  }

  /**
   * Writes row groups until few rows wait.
   *
   * @throws OutputFileError
   */
  async ready(): Promise<void> {
    while (this.#rows >= MAX_ROWS) {
      const [input, part] = [...this.#parts].reduce((most, each) => (each[1].rows > most[1].rows ? each : most));
      await this.#write(input, part);
    }
  }

  /**
   * Completes the files.
   *
   * @throws OutputFileError
   */
  async finish(): Promise<void> {
    try {
      for (const input of this.#names.keys()) {
        const part = this.#partOf(input);
        const { file, octets, parquet } = await this.#write(input, part);
        await parquet.finish();
        take(octets, file);
        await file.commit();
        this.#parts.delete(input);
      }
    } catch (cause) {
      await this.discard();
      throw cause;
    }
  }

  /** Removes the files that are not complete. */
  async discard(): Promise<void> {
    for (const { open } of this.#parts.values()) await open?.file.discard();
    this.#parts.clear();
  }

  #pathOf(input: number): string {
    return join(this.#folder, `capture=${this.#names[input]}`, `${this.#table.name}.parquet`);
  }

  #partOf(input: number): Part {
    let part = this.#parts.get(input);
    if (part === undefined) {
      part = { columns: this.#table.columns.map(() => []), rows: 0, open: null };
      this.#parts.set(input, part);
    }
    return part;
  }

  /** Writes the rows that wait as a row group. */
  async #write(input: number, part: Part): Promise<NonNullable<Part["open"]>> {
    part.open ??= await this.#open(input);
    const { file, octets, parquet } = part.open;
    if (part.rows > 0) {
      const columnData = this.#table.columns.map(({ name }, i) => ({ name, data: part.columns[i]! }));
      await parquet.write({ columnData, rowGroupSize: part.rows });
    }
    this.#rows -= part.rows;
    part.columns = part.columns.map(() => []);
    part.rows = 0;
    take(octets, file);
    await file.flush();
    return part.open;
  }

  async #open(input: number): Promise<NonNullable<Part["open"]>> {
    const file = await NewFile.create(this.#pathOf(input), this.#options);
    const octets = new this.#library.ByteWriter();
    const { columns } = this.#table;
    const schema: SchemaElement[] = [
      { name: "root", num_children: columns.length },
      ...columns.map(({ name, type }) => ({ name, repetition_type: "OPTIONAL" as const, ...ELEMENTS[type] })),
    ];
    return {
      file,
      octets,
      parquet: new this.#library.ParquetWriter({ writer: octets, schema, createdBy: "ghostframe" }),
    };
  }
}

/** Names of partitions: those of the files, each once. */
function partitions(paths: readonly string[]): string[] {
  const used = new Set<string>();
  return paths.map(path => {
    const name = path === "-" ? "stdin" : encodeURIComponent(basename(path));
    let unused = name;
    for (let count = 2; used.has(unused); count++) unused = `${name}_${count}`;
    used.add(unused);
    return unused;
  });
}

/** Moves what the library has written into the file. */
function take(octets: ByteWriter, file: NewFile): void {
  const bytes = octets.getBytes();
  file.append(bytes, 0, bytes.length);
  octets.index = 0;
}

function cell<Row>({ type, of }: Column<Row>, row: Row): unknown {
  const value = of(row);
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      // Of a broken content header, say.
      return Number.isSafeInteger(value) ? BigInt(value as number) : null;
    case "time":
      return nanoseconds(value as string);
    case "json":
      return JSON.stringify(value);
    default:
      return value;
  }
}

/** Since 1970, of an ISO 8601 time; null if it is none. */
function nanoseconds(time: string): bigint | null {
  const [, whole, fraction = ""] = /^(.+?)(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  const milliseconds = Date.parse(`${whole}Z`);
  if (Number.isNaN(milliseconds)) return null;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
