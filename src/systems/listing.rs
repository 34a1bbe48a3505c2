//! Long lists, cut to what a phone shows.

use crate::reply::{Block, More, Reply, Text};

/// Items of a list that are shown.
pub const MAX_ITEMS: usize = 15;

/// A reply with a list of at most [`MAX_ITEMS`], and how many more there are at this address.
pub fn listed(reply: Reply, items: Vec<Text>, url: Option<String>) -> Reply {
    let count = items.len().saturating_sub(MAX_ITEMS);
    let items = items.into_iter().take(MAX_ITEMS).collect();
    let reply = reply.block(Block::List { heading: String::new(), items });
    Reply { more: (count > 0).then_some(More { count, url }), ..reply }
}
