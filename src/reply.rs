//! What a command answers: data, not Markdown.
//!
//! A command says *what* there is to read; [`crate::dingtalk::markdown`] decides once, for all commands, how
//! DingTalk shows it: escaping, line breaks, buttons and size. Strings in a reply may come from anywhere (a nick, a
//! job's name, an error of another system): nothing in them can become markup, a link or a mention. The one
//! exception is [`Block::Markdown`], for text the operator wrote in dingops.toml.

use std::fmt;

/// An answer to one command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// First line of the message, and what the conversation list previews.
    pub title: String,
    /// The body, in reading order.
    pub blocks: Vec<Block>,
    /// What the reader may want to say next.
    pub actions: Vec<Action>,
    /// Pages that belong to the answer, shown as buttons.
    pub links: Vec<Link>,
    /// What was left out.
    pub more: Option<More>,
}

/// One part of a reply's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph; line breaks are kept.
    Text(Text),
    /// Names and values, one a line.
    Fields(Vec<(String, Text)>),
    /// Items, one a line, under an optional heading.
    List {
        /// Shown above the items; empty for none.
        heading: String,
        /// One line each.
        items: Vec<Text>,
    },
    /// Rows under column names; phones show it as a list.
    Table {
        /// Column names.
        head: Vec<String>,
        /// Cells by row, as many as there are columns.
        rows: Vec<Vec<Text>>,
    },
    /// Text shown as it is, in a fixed pitch where the client has one.
    Code(String),
    /// A side remark, set apart.
    Note(Text),
    /// Markdown written by the operator in dingops.toml, passed on as it is, but that HTML begins no block in it. Never
    /// for text from outside.
    Markdown(String),
}

/// A line of text with a little structure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(pub Vec<Span>);

/// A piece of [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Shown literally.
    Plain(String),
    /// Shown literally, emphasised.
    Strong(String),
    /// A page to open; anything but http(s) is shown as plain text.
    Link(Link),
    /// A command to say by tapping it.
    Action(Action),
}

/// Something the reader can say to the bot next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What the reader sees.
    pub label: String,
    /// The line that is said, without the mention of the bot.
    pub command: String,
}

/// A page to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What the reader sees.
    pub label: String,
    /// An http(s) address.
    pub url: String,
}

/// How much was left out of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct More {
    /// Number of items or lines left out.
    pub count: usize,
    /// Where the whole can be read.
    pub url: Option<String>,
}

impl Reply {
    /// A reply that so far is its first line only.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds any block.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(self, text: impl Into<Text>) -> Self {
        self.block(Block::Text(text.into()))
    }

    /// Adds names and values.
    #[must_use]
    pub fn fields<N: Into<String>, V: Into<Text>>(self, fields: impl IntoIterator<Item = (N, V)>) -> Self {
        self.block(Block::Fields(
            fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        ))
    }

    /// Adds a list without a heading.
    #[must_use]
    pub fn list<T: Into<Text>>(self, items: impl IntoIterator<Item = T>) -> Self {
        self.block(Block::List { heading: String::new(), items: items.into_iter().map(Into::into).collect() })
    }

    /// Adds text in a fixed pitch.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        self.block(Block::Code(code.into()))
    }

    /// Adds a side remark.
    #[must_use]
    pub fn note(self, text: impl Into<Text>) -> Self {
        self.block(Block::Note(text.into()))
    }

    /// Offers a command to say next.
    #[must_use]
    pub fn action(mut self, label: impl Into<String>, command: impl Into<String>) -> Self {
        self.actions.push(Action { label: label.into(), command: command.into() });
        self
    }

    /// Adds a button that opens a page.
    #[must_use]
    pub fn link(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.links.push(Link { label: label.into(), url: url.into() });
        self
    }
}

impl Text {
    /// Adds a literal piece.
    #[must_use]
    pub fn plain(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Plain(text.into()));
        self
    }

    /// Adds an emphasised literal piece.
    #[must_use]
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Strong(text.into()));
        self
    }

    /// Adds another text.
    #[must_use]
    pub fn join(mut self, text: Self) -> Self {
        self.0.extend(text.0);
        self
    }

    /// Adds a command that is said by tapping it.
    #[must_use]
    pub fn action(mut self, label: impl Into<String>, command: impl Into<String>) -> Self {
        self.0.push(Span::Action(Action { label: label.into(), command: command.into() }));
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|span| match span {
            Span::Plain(text) | Span::Strong(text) => f.write_str(text),
            Span::Link(Link { label, .. }) | Span::Action(Action { label, .. }) => f.write_str(label),
        })
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::default().plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::default().plain(text)
    }
}
