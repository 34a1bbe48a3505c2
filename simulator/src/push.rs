//! What a person says becomes a message, a callback, and what the robot answers to it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::Value;

use crate::{
    callback::{Callback, Mentioned, mentions},
    endpoints::{checked, fits, mentioned, name, standing},
    fault::{CallbackFault, PATIENCE, STRANGER},
    message::{Author, Content, Mentions, Message, Way, webhook},
    organisation::{Person, Place},
    refusal::Refusal,
    said::{Said, SayError},
    signature::sign,
    simulator::{Change, Shared},
    traffic::{Answer, Direction, Exchange, Note, headers, kept},
    world::{Posted, Rejected, World},
};

/// Something that was said, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The message as the conversation shows it.
    pub message: Message,
    /// One for each time that the callback was pushed; none where the robot was not meant.
    pub pushed: Vec<Pushed>,
}

/// What came back from a robot for one push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// HTTP status, or why there is none.
    pub status: Result<u16, String>,
    /// The body.
    pub body: Bytes,
}

/// A response, or why there is none.
type Answered = Result<Response<Bytes>, String>;

impl Pushed {
    /// Whether DingTalk takes the callback as delivered.
    pub fn is_taken(&self) -> bool {
        self.status.as_ref().is_ok_and(|status| (200..300).contains(status))
    }
}

impl Shared {
    /// Says something, and pushes the callback if the robot is meant.
    pub(crate) async fn say(
        self: &Arc<Self>,
        person: &Person,
        place: &Place,
        said: Said,
    ) -> Result<Heard, SayError> {
        let message = self.put(person, place, said)?;
        let pushed = match message.mentions_robot || matches!(place, Place::Private(_)) {
            true => {
                let callback = self.callback(person, &message);
                self.push(callback, &message.place).await
            }
            false => Vec::new(),
        };
        Ok(Heard { message, pushed })
    }

    /// Puts what a person says into the conversation.
    pub(crate) fn put(&self, person: &Person, place: &Place, said: Said) -> Result<Message, SayError> {
        let now = self.clock.now();
        let mut world = self.world();
        possible(&world, person, place, &said)?;
        world.know(person);
        let (mentioned, in_group) = (heard(&said, &world), matches!(place, Place::Group(_)));
        // Who quotes the robot mentions it (protocol.md 6).
        let quotes_robot = said
            .quotes
            .as_deref()
            .and_then(|id| world.message(id))
            .is_some_and(|quoted| quoted.author == Author::Robot);
        let mentions_robot = in_group && (said.mentions_robot || mentioned.robot || quotes_robot);
        let content = match said.content {
            Content::Text { text } if mentions_robot && !mentioned.robot => {
                Content::Text { text: format!("@{} {text}", world.organisation.app.nick) }
            }
            content => content,
        };
        let people = if in_group { mentioned.people } else { Vec::new() };
        let message = Message {
            id: world.id("msg"),
            place: place.clone(),
            at: now,
            author: Author::Person(person.name.clone()),
            content,
            mentions: Mentions { people, all: false },
            mentions_robot,
            quotes: said.quotes,
            way: Way::Said,
            process_query_key: None,
            posted: Value::Null,
        };
        world.show(message.clone());
        drop(world);
        self.tell(Change::Message(message.clone()));
        Ok(message)
    }

    /// The callback that a message causes.
    pub(crate) fn callback(&self, person: &Person, message: &Message) -> Value {
        let mut world = self.world();
        let (session, session_until) = world.open_session(&message.place, self.clock.now());
        let session_webhook = self.session_webhook(&session);
        Callback { world: &world, person, message, session_webhook, session_until }.build()
    }

    /// Pushes a callback as often as DingTalk does, with the fault that was asked for.
    pub(crate) async fn push(self: &Arc<Self>, mut callback: Value, place: &Place) -> Vec<Pushed> {
        let fault = {
            let mut world = self.world();
            let asked_for = world.callback_fault();
            let left = world.quotas.at(self.clock.now()).messages.take();
            if left { asked_for } else { Some(CallbackFault::QuotaExhausted) }
        };
        self.tell(Change::Quotas);
        self.spoil(&mut callback, fault.as_ref());
        let first = self.push_once(&callback, fault.as_ref(), place, Vec::new()).await;
        let again = first.is_none() || fault == Some(CallbackFault::Redelivered);
        let second = match again {
            true => self.push_once(&callback, fault.as_ref(), place, vec![Note::Redelivered]).await,
            false => None,
        };
        first.into_iter().chain(second).collect()
    }

    /// Pushes once, and waits as long as DingTalk does; a robot that takes longer goes on by itself.
    async fn push_once(
        self: &Arc<Self>,
        callback: &Value,
        fault: Option<&CallbackFault>,
        place: &Place,
        mut notes: Vec<Note>,
    ) -> Option<Pushed> {
        let request = self.request(callback, fault);
        notes.extend(fault.map(|fault| Note::Fault(name(fault))));
        let exchange = self.begin(Exchange {
            id: 0,
            at: self.clock.now(),
            direction: Direction::ToRobot,
            method: request.method().to_string(),
            target: self.robot().target().to_owned(),
            headers: headers(request.headers()),
            body: kept(request.body(), ""),
            bytes: request.body().len(),
            answer: None,
            notes,
        });
        let robot = self.robot();
        let mut call = Box::pin(async move { robot.call(request).await });
        if let Some(answered) = self.clock.within(PATIENCE, &mut call).await {
            return Some(self.answered(&exchange, answered, place));
        }
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            let answered = call.await;
            shared.late(&exchange, answered);
        });
        None
    }

    /// Writes down what the robot answered, and shows it if it is a reply.
    fn answered(&self, exchange: &Exchange, answered: Answered, place: &Place) -> Pushed {
        let (pushed, answer) = self.answer(exchange, answered);
        let notes = self.replied(&pushed, place.clone());
        self.end(exchange.id, Some(answer), notes);
        pushed
    }

    /// Writes down what the robot answered when DingTalk waited no longer.
    fn late(&self, exchange: &Exchange, answered: Answered) {
        let (_, answer) = self.answer(exchange, answered);
        self.end(exchange.id, Some(answer), vec![Note::Late]);
    }

    fn answer(&self, exchange: &Exchange, answered: Answered) -> (Pushed, Answer) {
        let took = self.since(exchange);
        let (status, body) = match answered {
            Ok(response) => (Ok(response.status().as_u16()), response.into_body()),
            Err(reason) => (Err(reason), Bytes::new()),
        };
        let shown = status.as_ref().err().cloned().unwrap_or_else(|| kept(&body, ""));
        let answer = Answer { status: status.clone().ok(), body: shown, code: None, took };
        (Pushed { status, body }, answer)
    }

    /// Takes the response to a callback as a message, if it is one (protocol.md 2). Its content type says nothing:
    /// robots send all kinds.
    fn replied(&self, pushed: &Pushed, place: Place) -> Vec<Note> {
        let json = pushed.is_taken().then(|| webhook::json(&pushed.body)).flatten();
        let Some(posted) = json.filter(|json| json.get("msgtype").is_some_and(|kind| kind != "empty")) else {
            return Vec::new();
        };
        let mut world = self.world();
        let now = self.clock.now();
        let checked = fits(pushed.body.len())
            .and_then(|()| standing(&world, &place))
            .and_then(|()| checked(&posted, webhook::RESPONSE_TYPES));
        let (content, at) = match checked {
            Ok(checked) => checked,
            Err(Refusal { code, message }) => {
                let note = Note::NoReply(format!("{code}: {message}"));
                let target = "the response to a callback".into();
                world.reject(Rejected { target, code: code.to_string(), message });
                return vec![note];
            }
        };
        if !world.quotas.at(now).messages.take() {
            return vec![Note::QuotaExhausted];
        }
        let (mentions, mut notes) = mentioned(&world, &content, &at);
        let message = world.post(
            Posted {
                place,
                content,
                mentions,
                author: Author::Robot,
                way: Way::Response,
                process_query_key: None,
                posted,
            },
            now,
        );
        drop(world);
        self.tell(Change::Message(message));
        notes.push(Note::Replied);
        notes
    }

    /// The request, signed.
    fn request(&self, callback: &Value, fault: Option<&CallbackFault>) -> Request<Bytes> {
        let skew = match fault {
            Some(CallbackFault::SkewedClock(seconds)) => seconds.saturating_mul(1000),
            _ => 0,
        };
        let timestamp = self.clock.now().as_millisecond().saturating_add(skew).to_string();
        let secret = match fault {
            Some(CallbackFault::WrongSecret) => "SECanother".into(),
            _ => self.world().organisation.app.secret.clone(),
        };
        let mut request = Request::new(Bytes::from(callback.to_string()));
        *request.method_mut() = http::Method::POST;
        let json = http::HeaderValue::from_static("application/json; charset=utf-8");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        if fault != Some(&CallbackFault::Unsigned) {
            let signature = [("sign", sign(&secret, &timestamp)), ("timestamp", timestamp)];
            for (name, value) in signature {
                if let Ok(value) = value.parse() {
                    request.headers_mut().insert(name, value);
                }
            }
        }
        request
    }

    /// Makes a callback what the fault wants it to be.
    fn spoil(&self, callback: &mut Value, fault: Option<&CallbackFault>) {
        let Some(fields) = callback.as_object_mut() else { return };
        match fault {
            Some(CallbackFault::QuotaExhausted) => {
                for key in ["text", "content"] {
                    fields.remove(key);
                }
                fields.insert("errorCode".into(), "20001".into());
                fields.insert(
                    "errorMessage".into(),
                    "当前企业的Webhook和Stream消息调用量已达到本月上限".into(),
                );
                fields.insert("msgtype".into(), "text".into());
            }
            Some(CallbackFault::ForgedSender) => {
                for (key, value) in [
                    ("senderNick", Value::from("管理员")),
                    ("senderStaffId", "manager0001".into()),
                    ("senderId", "$:LWCP_v1:$forged".into()),
                    ("senderCorpId", crate::organisation::CORP.into()),
                    ("isAdmin", true.into()),
                ] {
                    fields.insert(key.into(), value);
                }
            }
            Some(CallbackFault::ForgedWebhook) => {
                fields.insert("sessionWebhook".into(), STRANGER.into());
            }
            Some(CallbackFault::SessionExpired) => {
                let before = self.clock.now() - Duration::from_secs(1);
                fields.insert("sessionWebhookExpiredTime".into(), before.as_millisecond().into());
                self.world().expire_sessions();
            }
            Some(CallbackFault::NoSession) => {
                fields.remove("sessionWebhook");
                fields.remove("sessionWebhookExpiredTime");
            }
            _ => {}
        }
    }
}

/// Whether DingTalk lets this person say this there.
fn possible(world: &World, person: &Person, place: &Place, said: &Said) -> Result<(), SayError> {
    match place {
        Place::Group(name) => match world.organisation.group(name) {
            None => {
                let known = world.organisation.groups.iter().map(|group| group.name.as_str());
                let known = known.collect::<Vec<_>>().join(", ");
                return Err(SayError::NoGroup { name: name.clone(), known });
            }
            Some(group) if group.disbanded => return Err(SayError::Disbanded(name.clone())),
            Some(_) => {}
        },
        Place::Private(other) if *other != person.name => {
            return Err(SayError::NotTheirChat { person: person.name.clone(), other: other.clone() });
        }
        Place::Private(_) => {}
    }
    let private =
        matches!(said.content, Content::Audio { .. } | Content::Video { .. } | Content::File { .. });
    if private && matches!(place, Place::Group(_)) {
        return Err(SayError::OnlyPrivately);
    }
    let is_empty = matches!(&said.content, Content::Text { text } if text.is_empty());
    let mentions = matches!(place, Place::Group(_)) && said.mentions_robot;
    if is_empty && !mentions && said.quotes.is_none() {
        return Err(SayError::Nothing);
    }
    if let Some(quoted) = &said.quotes
        && world.message(quoted).is_none_or(|message| message.place != *place)
    {
        return Err(SayError::NoSuchMessage(quoted.clone()));
    }
    Ok(())
}

/// Who is mentioned in what is said. What is forwarded mentioned them before, if at all.
fn heard(said: &Said, world: &World) -> Mentioned {
    use Content as C;
    match &said.content {
        C::ChatRecord { .. } | C::Unknown { .. } | C::Picture { .. } => Mentioned::default(),
        C::Audio { .. } | C::Video { .. } | C::File { .. } => Mentioned::default(),
        content => mentions(&content.to_string(), &world.organisation).1,
    }
}
