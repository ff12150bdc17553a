// From the columns of a batch to tasks.

const TAGS = { integers: "integer", floats: "float", texts: "text", flags: "flag" };

/** A batch that is not what was declared. */
export class BadInput extends Error {}

/**
 * Makes a function from a batch to a function that gives the task at a place. The shape of a task is
 * compiled once, so that each is one literal: a loop over names takes three times as long.
 */
export function reader(inputs) {
  const declared = Object.entries(inputs);
  const fields = declared.map(([name], at) => `${JSON.stringify(name)}: columns[${at}][at]`);
  const row = new Function("columns", "at", `return {${fields.join(", ")}};`);
  return (batch) => {
    if (batch.columns.length !== declared.length) {
      const { length } = batch.columns;
      throw new BadInput(`the batch has ${length} columns, ${declared.length} inputs are declared`);
    }
    const columns = declared.map(([name, input], at) => column(name, input, batch.columns[at], batch.len));
    return (at) => row(columns, at);
  };
}

/** The values of an input, with what stands for absent ones. */
function column(name, input, { values, absent }, length) {
  const found = TAGS[values.tag] ?? "something else";
  if (found !== input.kind) {
    throw new BadInput(`column \`${name}\` is declared as ${input.kind}, it holds ${found}`);
  }
  const filled = found === "text" ? texts(values.val) : values.val;
  if (filled.length !== length) {
    throw new BadInput(`column \`${name}\` has ${filled.length} values, the batch has ${length} tasks`);
  }
  for (const at of absent) {
    filled[at] = input.absent;
  }
  return filled;
}

/** Each distinct text is one object, however many tasks have it. */
function texts({ dictionary, codes }) {
  return Array.from(codes, (code) => dictionary[code]);
}
