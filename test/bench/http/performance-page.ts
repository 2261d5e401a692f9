const BEGIN = "<!-- figures: bench -- http --docs writes what follows -->";
const END = "<!-- end of figures -->";

/** The page with other figures between its marks. Throws when it has no such marks. */
export function pageWith(page: string, figures: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("the page has no place for figures");
  return `${page.slice(0, begin)}${BEGIN}\n\n\`\`\`text\n${figures.trim()}\n\`\`\`\n\n${page.slice(end)}`;
}
