"""Make the parts of the pages of docs/ anew that come from the code and the schemas."""

from dev.pages import DOCS, made

for page in sorted(DOCS.rglob("*.md")):
    text = page.read_text("utf-8")
    if (new := made(text)) != text:
        page.write_text(new, "utf-8")
        print(page)
