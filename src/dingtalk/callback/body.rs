//! The known fields of a callback, and what they mean together.

use serde::de::SeqAccess;

use super::{
    Callback, Content, Conversation, ConversationKind, DecodeError, Mention, Quote, RawSessionWebhook, Robot,
    Sender,
    json::{
        Items, Json, Key, List, Nested, Object, Scalar, embedded, flag, known, millis, name, name_if_any,
        text, text_if_any,
    },
};

/// The error code that comes when the organisation's quota is used up ("robot-message-type", 错误码).
const QUOTA_EXHAUSTED: &str = "20001";

known! {
    /// The whole body (protocol.md 1.2).
    struct Body<'a> {
        msgtype: Scalar<'a> = "msgtype",
        msg_id: Scalar<'a> = "msgId",
        create_at: Scalar<'a> = "createAt",
        conversation_type: Scalar<'a> = "conversationType",
        conversation_id: Scalar<'a> = "conversationId",
        conversation_title: Scalar<'a> = "conversationTitle",
        sender_id: Scalar<'a> = "senderId",
        sender_staff_id: Scalar<'a> = "senderStaffId",
        sender_union_id: Scalar<'a> = "senderUnionId",
        sender_nick: Scalar<'a> = "senderNick",
        sender_corp_id: Scalar<'a> = "senderCorpId",
        sender_platform: Scalar<'a> = "senderPlatform",
        is_admin: Scalar<'a> = "isAdmin",
        is_in_at_list: Scalar<'a> = "isInAtList",
        at_users: Items<'a, Mentions> = "atUsers",
        chatbot_user_id: Scalar<'a> = "chatbotUserId",
        chatbot_corp_id: Scalar<'a> = "chatbotCorpId",
        robot_code: Scalar<'a> = "robotCode",
        session_webhook: Scalar<'a> = "sessionWebhook",
        session_webhook_expired_time: Scalar<'a> = "sessionWebhookExpiredTime",
        text: Nested<'a, TextPart<'a>> = "text",
        content: Nested<'a, ContentPart<'a>> = "content",
        original_msg_id: Scalar<'a> = "originalMsgId",
        original_process_query_key: Scalar<'a> = "originalProcessQueryKey",
        error_message: Scalar<'a> = "errorMessage",
        error_code: Scalar<'a> = "errorCode",
        code: Scalar<'a> = "code",
        encrypt: Scalar<'a> = "encrypt",
    }
}

known! {
    /// `text`.
    struct TextPart<'a> {
        content: Scalar<'a> = "content",
        is_reply: Scalar<'a> = "isReplyMsg",
        replied: Nested<'a, Replied<'a>> = "repliedMsg",
    }
}

known! {
    /// `content`, of all kinds of message in one.
    struct ContentPart<'a> {
        rich_text: Items<'a, Runs> = "richText",
        text: Scalar<'a> = "text",
        recognition: Scalar<'a> = "recognition",
        file_name: Scalar<'a> = "fileName",
        is_reply: Scalar<'a> = "isReplyMsg",
        replied: Nested<'a, Replied<'a>> = "repliedMsg",
    }
}

known! {
    /// `repliedMsg`, a quoted message (protocol.md 1.5).
    struct Replied<'a> {
        msg_id: Scalar<'a> = "msgId",
        sender_id: Scalar<'a> = "senderId",
        content: Nested<'a, Quoted<'a>> = "content",
    }
}

known! {
    /// `repliedMsg.content`; the text of Markdown and cards is in `text` too.
    struct Quoted<'a> {
        text: Scalar<'a> = "text",
        rich_text: Items<'a, Runs> = "richText",
    }
}

known! {
    /// An entry of `richText`. Quoted messages have been seen with `msgType` and `content` instead.
    struct Run<'a> {
        kind: Scalar<'a> = "type",
        msg_type: Scalar<'a> = "msgType",
        text: Scalar<'a> = "text",
        content: Scalar<'a> = "content",
    }
}

known! {
    /// An entry of `atUsers`.
    struct AtUser<'a> {
        dingtalk_id: Scalar<'a> = "dingtalkId",
        staff_id: Scalar<'a> = "staffId",
        union_id: Scalar<'a> = "unionId",
    }
}

/// The entries of `richText`, joined as they are read: a hostile array of a million entries leaves one string.
#[derive(Default)]
pub(super) struct Runs {
    text: String,
    pictures: usize,
    repeated: Option<&'static str>,
}

impl<'a> List<'a> for Runs {
    fn read<A: SeqAccess<'a>>(mut items: A) -> Result<Self, A::Error> {
        let mut runs = Self::default();
        while let Some(item) = items.next_element::<Nested<'a, Run<'a>>>()? {
            runs.repeated = runs.repeated.or(item.repeated());
            let run = match item {
                Json::Object(run) => run,
                _ => Run::default(),
            };
            let words = match name_if_any(run.kind).or_else(|| name_if_any(run.msg_type)).as_deref() {
                Some("picture") => {
                    runs.pictures += 1;
                    None
                }
                Some("at" | "skill") => None,
                _ => text_if_any(run.text).or_else(|| text_if_any(run.content)),
            };
            runs.text.push_str(words.as_deref().unwrap_or(" "));
        }
        Ok(runs)
    }

    fn repeated(&self) -> Option<&'static str> {
        self.repeated
    }
}

/// The entries of `atUsers` that name somebody.
#[derive(Default)]
pub(super) struct Mentions {
    people: Vec<Mention>,
    repeated: Option<&'static str>,
}

impl<'a> List<'a> for Mentions {
    fn read<A: SeqAccess<'a>>(mut items: A) -> Result<Self, A::Error> {
        let mut mentions = Self::default();
        while let Some(item) = items.next_element::<Nested<'a, AtUser<'a>>>()? {
            mentions.repeated = mentions.repeated.or(item.repeated());
            let Json::Object(user) = item else { continue };
            let person = Mention {
                dingtalk_id: name_if_any(user.dingtalk_id),
                staff_id: name_if_any(user.staff_id),
                union_id: name_if_any(user.union_id),
            };
            if person != Mention::default() {
                mentions.people.push(person);
            }
        }
        Ok(mentions)
    }

    fn repeated(&self) -> Option<&'static str> {
        self.repeated
    }
}

impl Body<'_> {
    /// Judges the fields.
    pub(super) fn into_callback(self) -> Result<Callback, DecodeError> {
        let msgtype = name(self.msgtype, "msgtype")?;
        let part = object(self.text, "text")?.unwrap_or_default();
        let quota = quota_exhausted(&part, &self.content, self.error_message, [self.error_code, self.code])?;
        let (content, quoted) = match (quota, msgtype) {
            (Some(content), _) => (content, None),
            (None, Some(msgtype)) => said(msgtype, part, self.content)?,
            (None, None) if self.encrypt.is_some_and(|envelope| !envelope.is_null()) => {
                return Err(DecodeError::Encrypted);
            }
            (None, None) => return Err(DecodeError::MissingMsgtype),
        };
        let original = name_if_any(self.original_msg_id);
        let process_query_key = name_if_any(self.original_process_query_key);
        let quote =
            quoted.map(|quote| Quote { msg_id: quote.msg_id.or(original), process_query_key, ..quote });

        let robot = Robot {
            user_id: name(self.chatbot_user_id, "chatbotUserId")?,
            corp_id: name(self.chatbot_corp_id, "chatbotCorpId")?,
            code: name(self.robot_code, "robotCode")?,
        };
        let mut mentioned = match self.at_users {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::List(mentions)) => mentions.people,
            Some(other) => return Err(other.wrong("atUsers", "an array")),
        };
        if robot.user_id.is_some() {
            mentioned.retain(|person| person.dingtalk_id != robot.user_id);
        }

        Ok(Callback {
            msg_id: name(self.msg_id, "msgId")?,
            created_at: millis(self.create_at, "createAt")?,
            conversation: Conversation {
                kind: match name(self.conversation_type, "conversationType")?.as_deref() {
                    Some("1") => ConversationKind::Private,
                    Some("2") => ConversationKind::Group,
                    _ => ConversationKind::Unknown,
                },
                id: name(self.conversation_id, "conversationId")?,
                title: name(self.conversation_title, "conversationTitle")?,
            },
            sender: Sender {
                id: name(self.sender_id, "senderId")?,
                staff_id: name(self.sender_staff_id, "senderStaffId")?,
                union_id: name(self.sender_union_id, "senderUnionId")?,
                nick: name(self.sender_nick, "senderNick")?,
                corp_id: name(self.sender_corp_id, "senderCorpId")?,
                is_admin: flag(self.is_admin, "isAdmin")?.unwrap_or(false),
                platform: name(self.sender_platform, "senderPlatform")?,
            },
            robot,
            mentioned,
            in_at_list: flag(self.is_in_at_list, "isInAtList")?,
            session_webhook: name(self.session_webhook, "sessionWebhook")?.map(RawSessionWebhook::new),
            session_expires_at: millis(self.session_webhook_expired_time, "sessionWebhookExpiredTime")?,
            content,
            quote,
        })
    }
}

/// The callback of an organisation without quota. The document shows no sample: it names code and message in a table,
/// and says that `errorMessage` is added while `text` and `content` are missing, and of `msgtype` nothing.
fn quota_exhausted(
    part: &TextPart<'_>,
    content: &Option<Nested<'_, ContentPart<'_>>>,
    message: Option<Scalar<'_>>,
    codes: [Option<Scalar<'_>>; 2],
) -> Result<Option<Content>, DecodeError> {
    let message = name(message, "errorMessage")?;
    let code = codes.into_iter().find_map(name_if_any);
    let silent =
        part.content.as_ref().is_none_or(Json::is_blank) && content.as_ref().is_none_or(Json::is_blank);
    // Another code would be another error, whose name we do not know.
    let exhausted = match &code {
        Some(code) => code == QUOTA_EXHAUSTED,
        None => message.is_some(),
    };
    Ok((silent && exhausted).then(|| Content::QuotaExhausted { message: message.unwrap_or_default() }))
}

/// What a message says, and what it quotes.
fn said<'a>(
    msgtype: String,
    mut part: TextPart<'a>,
    content: Option<Nested<'a, ContentPart<'a>>>,
) -> Result<(Content, Option<Quote>), DecodeError> {
    match content {
        None | Some(Json::Null) => understand(msgtype, part, ContentPart::default()),
        Some(Json::Object(content)) => understand(msgtype, part, content),
        // The sample of "robot-receive-message" (HTTP) has the text here, and a text is no JSON, even if it looks so.
        Some(Json::Text(words)) if msgtype == "text" => {
            part.content = part.content.filter(|text| !text.is_null()).or(Some(Json::Text(words)));
            understand(msgtype, part, ContentPart::default())
        }
        Some(Json::Text(json)) => match embedded(&json)? {
            Some(content) => understand(msgtype, part, content),
            None => without_content(msgtype, part, Json::Text(json)),
        },
        Some(other) => without_content(msgtype, part, other),
    }
}

/// A message whose `content` is not what it should be: an error only where something in it is needed.
fn without_content(
    msgtype: String,
    part: TextPart<'_>,
    content: Nested<'_, ContentPart<'_>>,
) -> Result<(Content, Option<Quote>), DecodeError> {
    match msgtype.as_str() {
        "richText" | "audio" if !content.is_blank() => Err(content.wrong("content", "an object")),
        "text" if part.content.as_ref().is_none_or(Json::is_null) => {
            Err(content.wrong("content", "a string"))
        }
        _ => understand(msgtype, part, ContentPart::default()),
    }
}

fn understand(
    msgtype: String,
    part: TextPart<'_>,
    content: ContentPart<'_>,
) -> Result<(Content, Option<Quote>), DecodeError> {
    let quote = match quote(part.is_reply, part.replied)? {
        Some(quote) => Some(quote),
        None => quote(content.is_reply, content.replied)?,
    };
    let content = match msgtype.as_str() {
        "text" => Content::Text(text(part.content, "text.content")?.unwrap_or_default()),
        "richText" => match content.rich_text {
            None | Some(Json::Null) => Content::RichText { text: String::new(), pictures: 0 },
            Some(Json::List(runs)) => Content::RichText { text: runs.text, pictures: runs.pictures },
            Some(other) => return Err(other.wrong("content.richText", "an array")),
        },
        "audio" => Content::Audio { recognition: name(content.recognition, "content.recognition")? },
        "picture" => Content::Picture,
        "video" => Content::Video,
        "file" => Content::File { name: name(content.file_name, "content.fileName")? },
        // One reader of such messages found the text in `content.text`, another in `text.content`.
        "markdown" => Content::Markdown(match name(content.text, "content.text")? {
            Some(markdown) => markdown,
            None => text(part.content, "text.content")?.unwrap_or_default(),
        }),
        "interactiveCard" => Content::InteractiveCard,
        "actionCard" => Content::ActionCard,
        "chatRecord" => Content::ChatRecord,
        "reply" => Content::Reply,
        "unknownMsgType" => Content::Unreceivable,
        _ => Content::Other(msgtype),
    };
    Ok((content, quote))
}

/// The quoted message, if there is one. Nothing but a key given twice, or JSON too deep, is an error.
fn quote(
    is_reply: Option<Scalar<'_>>,
    replied: Option<Nested<'_, Replied<'_>>>,
) -> Result<Option<Quote>, DecodeError> {
    if !matches!(flag(is_reply, "isReplyMsg"), Ok(Some(true))) {
        return Ok(None);
    }
    let Some(Json::Object(replied)) = replied else { return Ok(Some(Quote::default())) };
    let text = match replied.content {
        Some(Json::Object(content)) => quoted_text(content),
        Some(Json::Text(json)) => embedded(&json)?.and_then(quoted_text),
        _ => None,
    };
    Ok(Some(Quote {
        msg_id: name_if_any(replied.msg_id),
        sender_id: name_if_any(replied.sender_id),
        text,
        process_query_key: None,
    }))
}

fn quoted_text(content: Quoted<'_>) -> Option<String> {
    name_if_any(content.text).or_else(|| match content.rich_text {
        Some(Json::List(runs)) if !runs.text.trim().is_empty() => Some(runs.text),
        _ => None,
    })
}

/// The object of a field that must be one if it is there.
fn object<'a, O: Object<'a>>(
    field: Option<Nested<'a, O>>,
    key: &'static str,
) -> Result<Option<O>, DecodeError> {
    match field {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Object(object)) => Ok(Some(object)),
        Some(other) => Err(other.wrong(key, "an object")),
    }
}
