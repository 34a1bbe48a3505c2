//! The `msgKey`s of the robot OpenAPI, field by field (protocol.md 5; KB-0699).

use serde_json::Value;

use super::{
    Button, Content,
    fields::{Fault, Fields},
};
use crate::refusal::ApiError;

/// Reads `msgParam`, a JSON text, as `msgKey` wants it.
pub(crate) fn read(key: &str, param: &str) -> Result<Content, ApiError> {
    let Ok(Value::Object(object)) = serde_json::from_str(param) else {
        return Err(ApiError::of("invalidParameter.msgParam.invalid"));
    };
    let content = content(key, &Fields::new(&object, ""));
    let content = content.map_err(|fault| {
        let (code, path) = missing(key, fault.path());
        ApiError::new(400, &format!("miss.param.{code}"), format!("需要{path}属性"))
    })?;
    content.ok_or_else(|| ApiError::of("invalidParameter.msgKey.invalid"))
}

/// What the errors call a field of a `msgKey`: the end of the code, and the path in the text (KB-0716).
fn missing(key: &str, field: &str) -> (String, String) {
    let path = |kind: &str| format!("{kind}->{field}");
    match key {
        "sampleText" => ("contentOfText".into(), path("text")),
        "sampleMarkdown" => (format!("markdownTo{field}"), path("markdown")),
        "sampleImageMsg" => ("photoTophotoUrl".into(), path("photo")),
        "sampleLink" => (format!("{field}OfLink"), path("link")),
        "sampleAudio" => ("audio".into(), path("audio")),
        "sampleFile" => ("file".into(), path("file")),
        "sampleVideo" => ("video".into(), path("video")),
        _ if field.starts_with("actionTitle") || field.starts_with("buttonTitle") => {
            ("actionCardTobtnsTotitle".into(), "actionCard->btns->title".into())
        }
        _ if field.starts_with("actionURL") || field.starts_with("buttonUrl") => {
            ("actionCardTobtnsToactionUrl".into(), "actionCard->btns->actionURL".into())
        }
        _ => (format!("actionCardTo{}", field.replace("URL", "Url")), path("actionCard")),
    }
}

/// Nothing for a `msgKey` that there is not.
fn content(key: &str, fields: &Fields<'_>) -> Result<Option<Content>, Fault> {
    let content = match key {
        "sampleText" => Content::Text { text: fields.text("content")? },
        "sampleMarkdown" => Content::Markdown { title: fields.text("title")?, text: fields.text("text")? },
        "sampleImageMsg" => Content::Picture { url: fields.text("photoURL")? },
        "sampleLink" => Content::Link {
            title: fields.text("title")?,
            text: fields.text("text")?,
            url: fields.text("messageUrl")?,
            picture: fields.optional_text("picUrl")?,
        },
        "sampleActionCard" => card(fields, &[("singleTitle", "singleURL")], false)?,
        "sampleActionCard2" => card(fields, &VERTICAL[..2], false)?,
        "sampleActionCard3" => card(fields, &VERTICAL[..3], false)?,
        "sampleActionCard4" => card(fields, &VERTICAL[..4], false)?,
        "sampleActionCard5" => card(fields, &VERTICAL, false)?,
        "sampleActionCard6" => {
            card(fields, &[("buttonTitle1", "buttonUrl1"), ("buttonTitle2", "buttonUrl2")], true)?
        }
        "sampleAudio" => {
            fields.text("mediaId")?;
            Content::Audio { duration: fields.number("duration")?, recognition: String::new() }
        }
        "sampleFile" => {
            fields.text("mediaId")?;
            fields.text("fileType")?;
            Content::File { name: fields.text("fileName")? }
        }
        "sampleVideo" => {
            fields.text("videoMediaId")?;
            fields.text("picMediaId")?;
            Content::Video { duration: fields.number("duration")?, format: fields.text("videoType")? }
        }
        _ => return Ok(None),
    };
    Ok(Some(content))
}

const VERTICAL: [(&str, &str); 5] = [
    ("actionTitle1", "actionURL1"),
    ("actionTitle2", "actionURL2"),
    ("actionTitle3", "actionURL3"),
    ("actionTitle4", "actionURL4"),
    ("actionTitle5", "actionURL5"),
];

fn card(fields: &Fields<'_>, names: &[(&str, &str)], horizontal: bool) -> Result<Content, Fault> {
    let button =
        |&(title, url): &(&str, &str)| Ok(Button { title: fields.text(title)?, url: fields.text(url)? });
    Ok(Content::ActionCard {
        title: fields.text("title")?,
        text: fields.text("text")?,
        buttons: names.iter().map(button).collect::<Result<_, Fault>>()?,
        horizontal,
        hide_avatar: false,
    })
}
