//! What a callback carried beside the line: for who wants to know what DingTalk does, and to write to the same place.

use jiff::Timestamp;

use crate::{
    dingtalk::{
        callback::{self, Callback},
        deliver::Reach,
    },
    text,
};

/// Letters of an id that are shown, from its beginning and its end.
const SHOWN: (usize, usize) = (3, 2);

/// What a callback carried beside the line. Ids are masked.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// `createAt`.
    pub created_at: Option<Timestamp>,
    /// `isInAtList`.
    pub in_at_list: Option<bool>,
    /// `msgId`, masked.
    pub msg_id: Option<String>,
    /// What it quotes.
    pub quote: Option<Quote>,
    /// The ways to where it was said.
    pub reach: Reach,
}

/// What a callback says of the message that it quotes. Ids are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// `repliedMsg.msgId` or `originalMsgId`.
    pub msg_id: Option<String>,
    /// `repliedMsg.senderId`.
    pub sender_id: Option<String>,
    /// How many characters its text has.
    pub text: Option<usize>,
    /// `originalProcessQueryKey`.
    pub process_query_key: Option<String>,
}

impl Heard {
    pub(crate) fn of(callback: &Callback, reach: &Reach) -> Self {
        let id = |id: &Option<String>| id.as_deref().map(masked);
        let quote = |quote: &callback::Quote| Quote {
            msg_id: id(&quote.msg_id),
            sender_id: id(&quote.sender_id),
            text: quote.text.as_deref().map(|text| text.chars().count()),
            process_query_key: id(&quote.process_query_key),
        };
        Self {
            created_at: callback.created_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            in_at_list: callback.in_at_list,
            msg_id: id(&callback.msg_id),
            quote: callback.quote.as_ref().map(quote),
            reach: reach.clone(),
        }
    }
}

/// An id as one can compare it and not use it: its ends, and how long it is.
pub(crate) fn masked(id: &str) -> String {
    let (first, last) = SHOWN;
    let letters: Vec<char> = id.chars().map(|c| if text::is_control(c) { '?' } else { c }).collect();
    if letters.len() < 2 * (first + last) {
        return format!("*** ({})", letters.len());
    }
    let [first, last] = [&letters[..first], &letters[letters.len() - last..]].map(String::from_iter);
    format!("{first}…{last} ({})", letters.len())
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn of_an_id_only_the_ends_are_shown() {
        assert_eq!(masked("cidOPSAAAAAAAAAAAAAAAA=="), "cid…== (24)");
        assert_eq!(masked("012345678"), "*** (9)");
        assert_eq!(masked("一二三四五六七八九十"), "一二三…九十 (10)");
        assert_eq!(masked(""), "*** (0)");
    }
}
