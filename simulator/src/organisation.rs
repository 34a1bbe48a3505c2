//! Who and what there is: people, groups, the robot that is driven, and custom robots.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use serde::Serialize;

/// The organisation that the robot belongs to.
pub const CORP: &str = "ding0000corp";

/// Somebody who writes to the robot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// How the simulator's interfaces name them; no name of DingTalk's.
    pub name: String,
    /// The name that a chat shows.
    pub nick: String,
    /// The id in the organisation (userId); without it the callback carries none.
    pub staff_id: Option<String>,
    /// The organisation whose callback field says so: the robot's own, another, or none.
    pub corp: Option<String>,
    /// Whether they administer the organisation.
    pub admin: bool,
    /// The number that `atMobiles` mentions.
    pub mobile: Option<String>,
    /// Whether the robot can write to them.
    pub reach: Reach,
}

/// Whether the robot can write to somebody by the OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// It can.
    #[default]
    Open,
    /// They got too much: their id comes back in `flowControlledStaffIdList`.
    FlowControlled,
    /// There is no chat between them (`robot.oto.notExist`).
    NoChat,
}

impl Person {
    /// A member of the robot's organisation.
    pub fn member(name: &str, nick: &str, staff_id: &str) -> Self {
        Self {
            name: name.into(),
            nick: nick.into(),
            staff_id: Some(staff_id.into()),
            corp: Some(CORP.into()),
            admin: false,
            mobile: None,
            reach: Reach::Open,
        }
    }

    /// Somebody of another organisation: their messages carry no staff id (protocol.md 1.2).
    pub fn external(name: &str, nick: &str, corp: &str) -> Self {
        Self { staff_id: None, corp: Some(corp.into()), ..Self::member(name, nick, "") }
    }

    /// An administrator of the organisation.
    #[must_use]
    pub fn admin(self) -> Self {
        Self { admin: true, ..self }
    }

    /// Their messages carry no staff id, as when the robot is not published.
    #[must_use]
    pub fn without_staff_id(self) -> Self {
        Self { staff_id: None, ..self }
    }

    /// With this mobile number.
    #[must_use]
    pub fn mobile(self, number: &str) -> Self {
        Self { mobile: Some(number.into()), ..self }
    }

    /// The robot can write to them like this.
    #[must_use]
    pub fn reach(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// The encrypted id that callbacks carry (`senderId`, `dingtalkId`).
    pub fn dingtalk_id(&self) -> String {
        format!("$:LWCP_v1:${}", self.name)
    }
}

/// An internal group that the robot is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// How the simulator's interfaces name it; no name of DingTalk's.
    pub name: String,
    /// The title that a chat shows.
    pub title: String,
    /// `cid…==`, also its openConversationId.
    pub conversation_id: String,
    /// Whether it is gone (400013, `group.disbanded`).
    pub disbanded: bool,
}

impl Group {
    /// A group with a conversation id made from its name.
    pub fn new(name: &str, title: &str) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            conversation_id: format!("cid{:A<19}==", name.to_uppercase()),
            disbanded: false,
        }
    }
}

/// Where something is said. Private is the chat of the robot with the person of this name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "name")]
pub enum Place {
    /// The group of this name.
    Group(String),
    /// The private chat of the person of this name.
    Private(String),
}

impl Place {
    /// The group of this name.
    pub fn group(name: &str) -> Self {
        Self::Group(name.into())
    }

    /// The private chat of this person with the robot.
    pub fn private(person: &Person) -> Self {
        Self::Private(person.name.clone())
    }
}

/// The enterprise robot that is driven, and the app it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Client ID, for the access token.
    pub key: String,
    /// Client Secret: signs callbacks, and gets the access token.
    pub secret: String,
    /// `robotCode`.
    pub robot_code: String,
    /// The name that a chat shows.
    pub nick: String,
    /// Without it no callback carries `senderStaffId` or `isAdmin` (protocol.md 1.2).
    pub published: bool,
    /// Whether it may send messages (`qyapi_robot_sendmsg`).
    pub may_send: bool,
    /// Whether the robot was stopped in the console (`bot.stopped`).
    pub stopped: bool,
    /// 服务器出口IP: where the OpenAPI may be called from; empty is anywhere.
    pub addresses: Vec<IpNet>,
}

impl App {
    /// `chatbotUserId`.
    pub const USER_ID: &str = "$:LWCP_v1:$botbotbot";

    /// A published app with this secret, and made-up ids.
    pub fn new(secret: &str) -> Self {
        Self {
            key: "dingappkey0000000000".into(),
            secret: secret.into(),
            robot_code: "dingxxxxxxxx".into(),
            nick: "dingops".into(),
            published: true,
            may_send: true,
            stopped: false,
            addresses: Vec::new(),
        }
    }
}

/// A custom robot of a group (自定义机器人): what `/robot/send` posts as. Its security settings all hold at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRobot {
    /// The name that a chat shows.
    pub nick: String,
    /// `access_token` of its webhook: 64 hexadecimal digits.
    pub token: String,
    /// The name of its group.
    pub group: String,
    /// 加签: what its posts must be signed with.
    pub secret: Option<String>,
    /// 自定义关键词: one of these must occur, unless there are none.
    pub keywords: Vec<String>,
    /// IP地址(段): where posts must come from, unless there are none.
    pub addresses: Vec<IpNet>,
    /// What has become of it.
    pub state: CustomRobotState,
}

/// What has become of a custom robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CustomRobotState {
    /// It posts.
    #[default]
    Working,
    /// 400102.
    Disabled,
    /// 400106: it was taken out of its group.
    Removed,
    /// 400101: its token is gone.
    Deleted,
}

impl CustomRobot {
    /// A robot of this group that anybody with its token may post as.
    pub fn new(nick: &str, token: &str, group: &str) -> Self {
        Self {
            nick: nick.into(),
            token: token.into(),
            group: group.into(),
            secret: None,
            keywords: Vec::new(),
            addresses: Vec::new(),
            state: CustomRobotState::Working,
        }
    }

    /// Its posts must be signed with this.
    #[must_use]
    pub fn signed(self, secret: &str) -> Self {
        Self { secret: Some(secret.into()), ..self }
    }

    /// Its posts must hold one of these.
    #[must_use]
    pub fn keywords(self, keywords: &[&str]) -> Self {
        Self { keywords: keywords.iter().map(|&keyword| keyword.into()).collect(), ..self }
    }

    /// Its posts must come from one of these.
    #[must_use]
    pub fn from(self, addresses: &[IpNet]) -> Self {
        Self { addresses: addresses.to_vec(), ..self }
    }
}

/// Everybody and everything there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// The robot that is driven.
    pub app: App,
    /// Everybody; all are in each group.
    pub people: Vec<Person>,
    /// The groups that the robot is in.
    pub groups: Vec<Group>,
    /// Custom robots, each in one group.
    pub custom_robots: Vec<CustomRobot>,
}

/// The secret of the app, unless another is given.
pub const SECRET: &str = "SECsimulator00000000000000000000000000000000000000000000000000000000";
/// `access_token` of the custom robot of the first group.
pub const TOKEN: &str = "0000000000000000000000000000000000000000000000000000000000000a1e";
/// The secret that its posts are signed with.
pub const TOKEN_SECRET: &str = "SECcustom0000000000000000000000000000000000000000000000000000000000000";

/// Two groups, four people, and custom robots of each kind.
impl Default for Organisation {
    fn default() -> Self {
        Self {
            app: App::new(SECRET),
            people: vec![
                Person::member("alice", "爱丽丝", "0147000002").admin().mobile("13800000002"),
                Person::member("bob", "Bob", "0147000003").mobile("13800000003"),
                Person::member("nobody", "无名", "").without_staff_id(),
                Person::external("carol", "卡罗尔", "ding1111corp"),
            ],
            groups: vec![Group::new("ops", "运维群"), Group::new("dev", "研发群")],
            custom_robots: custom_robots(),
        }
    }
}

/// One robot that works, and one for each reason that a post is refused: their tokens differ in the last digits.
fn custom_robots() -> Vec<CustomRobot> {
    let token = |end: &str| format!("{}{end}", &TOKEN[..TOKEN.len() - end.len()]);
    let robot = |nick: &str, end: &str| CustomRobot::new(nick, &token(end), "ops");
    let elsewhere = IpNet::from(Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 0), 24));
    let in_state = |robot: CustomRobot, state| CustomRobot { state, ..robot };
    vec![
        CustomRobot::new("监控", TOKEN, "ops").signed(TOKEN_SECRET),
        robot("关键词", "a2e").keywords(&["告警"]),
        robot("IP 白名单", "a3e").from(&[elsewhere]),
        in_state(robot("已停用", "a4e"), CustomRobotState::Disabled),
        in_state(robot("已移出", "a5e"), CustomRobotState::Removed),
        in_state(robot("已删除", "a6e"), CustomRobotState::Deleted),
    ]
}

impl Organisation {
    /// The person of this name.
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.name == name)
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    pub(crate) fn group_by_id(&self, conversation_id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.conversation_id == conversation_id)
    }

    pub(crate) fn person_by_staff_id(&self, staff_id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.staff_id.as_deref() == Some(staff_id))
    }
}
