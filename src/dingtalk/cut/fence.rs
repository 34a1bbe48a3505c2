//! Code blocks in Markdown, as far as one must know of them to cut a text: where they begin and end, also in lists and
//! quotes (CommonMark 0.31, 4.5, 5.1 and 5.2).

use std::borrow::Cow;

use super::Syntax;

/// A line that is indented deeper begins no block.
const MAX_INDENT: usize = 3;
/// Quotes and lists that are deeper in one another are none: nobody writes them, and each costs time on each line.
const MAX_DEPTH: usize = 32;
/// The fewest marks of a code block.
const MIN_MARKS: usize = 3;
/// A tab goes on to the next column that this divides.
const TAB: usize = 4;

/// Where a text is, line by line: in which quotes and items of lists, and in which code block.
#[derive(Debug, Clone, Default)]
pub(super) struct Fence {
    containers: Vec<Container>,
    /// The mark of the code block and how many it began with: as many end it.
    open: Option<(char, usize)>,
    /// Whether a line that belongs nowhere else goes on with a paragraph.
    paragraph: bool,
    /// Whether nothing stands yet in the item that the last line began: a blank line ends it.
    empty: bool,
    /// Whether the last line could begin HTML.
    html: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Quote,
    /// An item of a list, and how far its lines are indented.
    Item(usize),
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something to read, or a line of a code block.
    Content,
    Blank,
    /// The marks before a code block.
    Opens,
    /// The marks behind a code block.
    Closes,
}

impl Fence {
    /// Goes on behind a line.
    pub(super) fn pass(&mut self, line: &str, syntax: Syntax) -> Kind {
        let blank = line.trim().is_empty();
        let kind = if blank { Kind::Blank } else { Kind::Content };
        if syntax == Syntax::Plain {
            return kind;
        }
        if blank && std::mem::take(&mut self.empty) {
            self.containers.pop();
        }
        self.html = false;
        let line = expanded(line);
        let (within, mut rest) = self.enter(&line);
        let inside = within == self.containers.len();
        if let Some((mark, least)) = self.open {
            if inside {
                let closes = marks(rest)
                    .is_some_and(|(c, count, info)| c == mark && count >= least && info.is_empty());
                if !closes {
                    return Kind::Content;
                }
                self.open = None;
                return Kind::Closes;
            }
            // A code block ends with the item or quote that it is in.
            self.open = None;
        }
        let mut containers = self.containers[..within].to_vec();
        while containers.len() < MAX_DEPTH
            && let Some((container, behind)) =
                begin(rest, self.paragraph && inside && containers.len() == within)
        {
            containers.push(container);
            rest = behind;
        }
        self.html = rest.trim_start_matches(' ').starts_with('<') && indent(rest) <= MAX_INDENT;
        let opened = marks(rest).filter(|(mark, _, info)| *mark != '`' || !info.contains('`'));
        let text = !rest.trim().is_empty() && opened.is_none() && !is_heading(rest) && !is_rule(rest);
        let outermost = containers.len() == within;
        let goes_on = self.paragraph && text && outermost;
        if goes_on && !inside {
            return kind;
        }
        self.empty =
            !outermost && matches!(containers.last(), Some(Container::Item(_))) && rest.trim().is_empty();
        self.containers = containers;
        self.open = opened.map(|(mark, count, _)| (mark, count));
        self.paragraph = text && (goes_on || indent(rest) <= MAX_INDENT) && !(goes_on && is_underline(rest));
        if self.open.is_some() { Kind::Opens } else { kind }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether the last line begins with a `<` where HTML may begin, behind the marks of quotes and items.
    pub(super) fn begins_html(&self) -> bool {
        self.html
    }

    /// What ends the code block, in the items and quotes that it is in.
    pub(super) fn close(&self) -> String {
        let Some((mark, count)) = self.open else { return String::new() };
        let prefix = |container: &Container| match container {
            Container::Quote => "> ".to_owned(),
            Container::Item(width) => " ".repeat(*width),
        };
        let prefix: String = self.containers.iter().map(prefix).collect();
        format!("\n{prefix}{}", mark.to_string().repeat(count))
    }

    /// How many of the quotes and items a line is still in, and what stands behind their marks.
    fn enter<'l>(&self, line: &'l str) -> (usize, &'l str) {
        let mut rest = line;
        for (index, container) in self.containers.iter().enumerate() {
            let behind = match container {
                Container::Quote => quote(rest),
                Container::Item(width) if indent(rest) >= *width => Some(&rest[*width..]),
                Container::Item(_) => rest.trim().is_empty().then_some(""),
            };
            let Some(behind) = behind else { return (index, rest) };
            rest = behind;
        }
        (self.containers.len(), rest)
    }
}

/// A line with blanks instead of its tabs.
fn expanded(line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return line.into();
    }
    let mut column = 0;
    let letter = |c| {
        let (c, width) = if c == '\t' { (' ', TAB - column % TAB) } else { (c, 1) };
        column += width;
        std::iter::repeat_n(c, width)
    };
    line.chars().flat_map(letter).collect::<String>().into()
}

/// The quote or item that a line begins, and what stands in it. A paragraph is only left for some of them.
fn begin(line: &str, in_paragraph: bool) -> Option<(Container, &str)> {
    if let Some(rest) = quote(line) {
        return Some((Container::Quote, rest));
    }
    let indent = indent(line);
    let item = line[indent..].trim_end();
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    let bullet = digits == 0 && item.starts_with(['-', '+', '*']);
    let number = (1..=9).contains(&digits) && item[digits..].starts_with(['.', ')']);
    if indent > MAX_INDENT || !(bullet || number) || is_rule(line) {
        return None;
    }
    let rest = &item[digits + 1..];
    let blanks = self::indent(rest);
    if rest.is_empty() || blanks > 0 {
        let interrupts = !rest.is_empty() && (bullet || &item[..digits] == "1");
        // Where more stands before the text, it is code that is indented.
        let before_text = if (1..=4).contains(&blanks) { blanks } else { 1 };
        let item = Container::Item(indent + digits + 1 + before_text);
        return (interrupts || !in_paragraph).then_some((item, rest.get(before_text..).unwrap_or("")));
    }
    None
}

fn quote(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(' ').strip_prefix('>').filter(|_| indent(line) <= MAX_INDENT)?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// The marks of a code block that a line begins with, how many, and what stands behind them.
fn marks(line: &str) -> Option<(char, usize, &str)> {
    let marks = line.trim_start_matches(' ');
    let mark = marks.chars().next().filter(|mark| ['`', '~'].contains(mark))?;
    let info = marks.trim_start_matches(mark);
    let count = marks.len() - info.len();
    (count >= MIN_MARKS && indent(line) <= MAX_INDENT).then_some((mark, count, info.trim()))
}

fn is_heading(line: &str) -> bool {
    let marks = line.trim_start_matches(' ');
    let rest = marks.trim_start_matches('#');
    let level = marks.len() - rest.len();
    (1..=6).contains(&level) && (rest.is_empty() || rest.starts_with(' ')) && indent(line) <= MAX_INDENT
}

/// Whether a line makes a heading of the paragraph above it.
fn is_underline(line: &str) -> bool {
    let marks = line.trim();
    let of = |mark: char| marks.chars().all(|c| c == mark);
    (of('-') || of('=')) && indent(line) <= MAX_INDENT
}

/// Whether a line is a rule across the page, such as `- - -`.
fn is_rule(line: &str) -> bool {
    let mut marks = line.chars().filter(|c| *c != ' ');
    let Some(first) = marks.next().filter(|first| ['-', '*', '_'].contains(first)) else { return false };
    let mut more = 0;
    marks.inspect(|_| more += 1).all(|c| c == first) && more >= 2
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
