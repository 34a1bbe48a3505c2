//! What a command knows of the world, and how it can fail.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    access::Rules,
    canonical::canonical_line,
    confirm::code::Codes,
    heard::Heard,
    progress::Progress,
    row::{Command, Prepared},
    table::Table,
};
use crate::{
    clock::Clock,
    config::{Settings, name_of},
    dingtalk::{deliver::Deliver, webhook::Webhook},
    locale::Locale,
    outbound::Outbound,
    text,
};

/// Letters of a nick: what stands behind it must be seen in a list of conversations.
const MAX_NICK: usize = 20;

/// What a command knows of the world: who asks, where, and what it may use to answer.
#[derive(Clone)]
pub struct Ctx {
    /// The settings.
    pub settings: Arc<Settings>,
    /// All commands.
    pub table: Arc<Table>,
    /// Who may run them, and where.
    pub rules: Arc<Rules>,
    /// Makes and checks the codes of confirmation.
    pub codes: Arc<Codes>,
    /// Custom robots of groups, by their names in the settings. A process has one of each, which knows its pace.
    pub robots: Arc<BTreeMap<String, Arc<Webhook>>>,
    /// The robot's organisation; empty where the callback names none.
    pub corp: String,
    /// Who asks.
    pub who: Person,
    /// Where.
    pub place: Place,
    /// Who was mentioned beside the robot, in no order that means anything.
    pub mentioned: Vec<Mentioned>,
    /// The language to answer in.
    pub locale: Locale,
    /// The time zone to show times in.
    pub zone: TimeZone,
    /// The only time to use.
    pub clock: Arc<dyn Clock>,
    /// When the request arrived.
    pub received: Timestamp,
    /// How long before its arrival the request was signed.
    pub skew: SignedDuration,
    /// When a command is cut off.
    pub deadline: Timestamp,
    /// A key that is the same when the same request is made again; the message id, where there is one.
    pub once: Option<String>,
    /// What else the callback carried.
    pub heard: Arc<Heard>,
    /// The state of the world that was confirmed ([`super::Preview::witness`]), where it was: a write that can be made
    /// conditional on it runs once even where two taps are heard at the same moment.
    pub witness: Option<String>,
    /// Makes requests to the outside.
    pub outbound: Arc<Outbound>,
    /// Delivers messages, to other places than this too.
    pub deliver: Arc<Deliver>,
    /// Tells whoever asked what a command waits for, once, when it takes long.
    pub progress: Progress,
}

impl Ctx {
    /// The line that says a command with these values.
    pub fn line<C: Command>(&self, command: &C) -> String {
        let path = C::PATH.join(" ");
        match self.table.named(&path) {
            Some(row) => canonical_line(row, &command.values(), &self.table),
            None => path,
        }
    }

    /// Whether the world is still as it was when it was confirmed, right before a write: of two taps at the same moment
    /// the second meets another.
    pub fn holds(&self, witness: &str) -> bool {
        self.witness.as_ref().is_none_or(|seen| seen == witness)
    }

    /// The same for writes that have no sentence of their own for it.
    ///
    /// # Errors
    /// When it is not.
    pub fn unchanged(&self, witness: &str) -> Result<(), UserError> {
        let error = || UserError(self.locale.say("systems.changed", &[]));
        self.holds(witness).then_some(()).ok_or_else(error)
    }

    /// A time in the configured zone, to the second, without the day of today and the year of this one.
    pub fn local(&self, time: Timestamp) -> String {
        let time = time.to_zoned(self.zone.clone());
        let now = self.clock.now().to_zoned(self.zone.clone());
        let form = match () {
            () if time.date() == now.date() => "%T",
            () if time.year() == now.year() => "%m-%d %T",
            () => "%F %T",
        };
        time.strftime(form).to_string()
    }

    /// Who asks, for pages of other systems: a nick that can be nothing but one, and the staff id.
    pub fn signature(&self) -> String {
        let nick = self.who.plain_nick();
        let staff_id = self.who.staff().unwrap_or_default();
        self.locale.say("systems.asked_by", &[("nick", &nick), ("staff_id", &staff_id)])
    }

    /// How somebody is called in a sentence: by their name in the settings, or by their staff id.
    pub fn person_name(&self, staff_id: &str) -> String {
        name_of(staff_id, &self.settings.people).unwrap_or(staff_id).to_owned()
    }

    /// How a place is called in a sentence.
    pub fn shown_place(&self, place: &Place) -> String {
        if place.private {
            return self.locale.say("confirm.private_chat", &[]);
        }
        let id = place.conversation_id.as_deref().unwrap_or_default();
        // A title is what the callback says: it stands beside the id, and cannot read like a sentence of the bot's.
        match (name_of(id, &self.settings.groups), &place.title) {
            (Some(name), _) => name.to_owned(),
            (None, Some(title)) => {
                format!("{}…{id}", title.replace(['「', '」', '（', '）', '(', ')', '"'], ""))
            }
            (None, None) => id.to_owned(),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name shown in DingTalk; anyone can choose theirs.
    pub nick: String,
    /// The id in the organisation. Missing before the robot is published and for people from outside.
    pub staff_id: Option<String>,
    /// DingTalk's `senderId`.
    pub dingtalk_id: Option<String>,
    /// Which organisation they belong to.
    pub membership: Membership,
    /// Whether they administer the organisation.
    pub admin: bool,
}

/// How the sender's organisation relates to the robot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// The same.
    Own,
    /// Another one, listed in `dingtalk.corps`.
    Listed,
    /// The callback names neither.
    Unknown,
}

impl Person {
    /// The staff id, where it means something: in the robot's own organisation.
    pub fn staff(&self) -> Option<&str> {
        self.staff_id.as_deref().filter(|_| self.membership == Membership::Own)
    }

    /// The nick, of letters, digits and few signs: it can end no brackets and begin no markup.
    pub fn plain_nick(&self) -> String {
        let plain = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '·');
        text::cut(self.nick.chars().filter(plain).collect::<String>().trim(), MAX_NICK)
    }
}

/// Somebody of the robot's organisation who was mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentioned {
    /// The id in the organisation.
    pub staff_id: String,
    /// DingTalk's `dingtalkId`.
    pub dingtalk_id: Option<String>,
}

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A private chat with the bot; anything else counts as a group.
    pub private: bool,
    /// The conversation id, `cid…`.
    pub conversation_id: Option<String>,
    /// The group's title.
    pub title: Option<String>,
}

/// A mistake of the person in the chat, told to them in their language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError(pub String);

/// How a command can fail. It is no [`std::error::Error`] itself, so that `?` turns every error into
/// [`CommandError::Other`].
#[derive(Debug)]
pub enum CommandError {
    /// The person in the chat can mend it.
    User(UserError),
    /// It may have happened; `look` tells how to find out, in the reader's language.
    Unknown {
        /// How to find out.
        look: String,
        /// The line that finds out, to tap.
        command: Option<String>,
    },
    /// Anything else: logged, and the chat gets one plain sentence with an id.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl From<UserError> for CommandError {
    fn from(error: UserError) -> Self {
        Self::User(error)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self::Other(Box::new(error))
    }
}
