//! `[[answer]]`: fixed replies.

use serde::Deserialize;

use super::{
    document::{Located, Mistake, Places, Spanned},
    said,
};
use crate::dingtalk::markdown;

/// A fixed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What is said to get it.
    pub name: Located,
    /// The answer, in DingTalk's Markdown.
    pub markdown: String,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerSection {
    /// What is said to get it.
    name: Spanned<String>,
    /// The reply, in DingTalk's Markdown.
    markdown: Spanned<String>,
}

impl AnswerSection {
    pub(super) fn check(&self, places: &Places<'_>) -> Result<Answer, Mistake> {
        let name = said(&self.name, "expected words as they are said to get the answer", places)?;
        let markdown = self.markdown.get_ref();
        if markdown.trim().is_empty() {
            return Err(places.mistake(self.markdown.span(), "expected Markdown, came blanks".into()));
        }
        // The session webhook has room for more, but the answer must not be cut where it goes by the OpenAPI: whoever
        // wrote it can shorten it better.
        let (most, came) = markdown::answer_sizes(name.text(), markdown);
        if came > most {
            let problem = format!(
                "expected Markdown of at most {most} bytes, what the OpenAPI has room for beside this name, came {came} \
                 bytes (a quote or a line break takes two)"
            );
            return Err(places.mistake(self.markdown.span(), problem));
        }
        Ok(Answer { name, markdown: markdown.clone() })
    }
}
