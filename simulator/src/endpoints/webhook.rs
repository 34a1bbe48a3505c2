//! `POST /robot/send`: a custom robot of a group (protocol.md 4; KB-0717, KBg-0082).

use std::time::Duration;

use serde_json::Value;

use super::{
    Call, Reply,
    session::{body, checked, mentioned, shown, standing},
};
use crate::{
    message::{Author, Content, Way, webhook::TYPES},
    meter::Window,
    organisation::{CustomRobot, CustomRobotState, Place},
    refusal::Refusal,
    signature::verify,
    traffic::Note,
    world::{Posted, World},
};

/// Messages in [`MINUTE`].
const PER_MINUTE: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);
/// How long a robot that sent too much is silent.
const PENALTY: Duration = Duration::from_secs(600);
/// How far a timestamp may be off, in milliseconds.
const MAX_SKEW: i64 = 3_600_000;

pub(super) fn send(world: &mut World, call: &Call) -> Result<Reply, Refusal> {
    let robot = robot(world, call)?;
    let body = body(call)?;
    secure(&robot, call)?;
    let (content, at) = checked(&body, TYPES)?;
    if !has_keyword(&robot, &content) {
        return Err(Refusal::security("keywords not in content"));
    }
    let uuid = body.get("msgUuid").and_then(Value::as_str).filter(|uuid| !uuid.is_empty());
    let uuid = uuid.map(|uuid| (robot.token.clone(), uuid.to_owned()));
    if uuid.as_ref().is_some_and(|uuid| world.limits.uuids.contains(uuid)) {
        return Ok(Reply { notes: vec![Note::SameUuid], ..Reply::taken() });
    }
    if !paced(world, &robot, call) {
        return Err(Refusal::of(130101));
    }
    if !world.quotas.at(call.now).messages.take() {
        return Err(Refusal::of(90020));
    }
    world.limits.uuids.extend(uuid);
    let (mentions, notes) = mentioned(world, &content, &at);
    let posted = Posted {
        place: Place::Group(robot.group),
        author: Author::CustomRobot(robot.nick),
        content,
        mentions,
        way: Way::CustomRobot,
        process_query_key: None,
        posted: body,
    };
    Ok(shown(world, call, posted, notes))
}

/// Whether the robot may post one more message now.
pub(super) fn paced(world: &mut World, robot: &CustomRobot, call: &Call) -> bool {
    let window = || Window::new(PER_MINUTE, MINUTE, PENALTY);
    world.limits.custom_robots.entry(robot.token.clone()).or_insert_with(window).take(call.now)
}

/// The robot of this token, if it may post.
fn robot(world: &World, call: &Call) -> Result<CustomRobot, Refusal> {
    let token = call.parameter("access_token").unwrap_or("");
    if token.is_empty() {
        return Err(Refusal::new(40035, "缺少参数 access_token"));
    }
    let robots = &world.organisation.custom_robots;
    let robot = robots.iter().find(|robot| robot.token == token);
    let robot = robot.ok_or_else(|| Refusal::of(300005))?;
    standing(world, &Place::group(&robot.group))?;
    match robot.state {
        CustomRobotState::Working => Ok(robot.clone()),
        CustomRobotState::Disabled => Err(Refusal::of(400102)),
        CustomRobotState::Removed => Err(Refusal::of(400106)),
        CustomRobotState::Deleted => Err(Refusal::of(400101)),
    }
}

/// Its security settings that a request shows before its body is read.
fn secure(robot: &CustomRobot, call: &Call) -> Result<(), Refusal> {
    let listed = robot.addresses.iter().any(|network| network.contains(&call.peer));
    if !robot.addresses.is_empty() && !listed {
        return Err(Refusal::security(&format!("ip {} not in whitelist", call.peer)));
    }
    let Some(secret) = &robot.secret else { return Ok(()) };
    let timestamp = call.parameter("timestamp").unwrap_or("");
    if timestamp.is_empty() {
        return Err(Refusal::security("sign not match"));
    }
    let in_time = timestamp
        .parse::<i64>()
        .is_ok_and(|at| at.abs_diff(call.now.as_millisecond()) <= MAX_SKEW.unsigned_abs());
    if !in_time {
        return Err(Refusal::security("invalid timestamp"));
    }
    if !verify(secret, timestamp, call.parameter("sign").unwrap_or("")) {
        return Err(Refusal::security("sign not match"));
    }
    Ok(())
}

/// Whether one of its keywords is anywhere in what the message shows. A picture need have none (DingtalkChatbot#44).
pub(super) fn has_keyword(robot: &CustomRobot, content: &Content) -> bool {
    let title = match content {
        Content::Markdown { title, .. } | Content::ActionCard { title, .. } => title,
        _ => "",
    };
    let shown = format!("{title}\n{content}");
    let is_free = robot.keywords.is_empty() || matches!(content, Content::Picture { .. });
    is_free || robot.keywords.iter().any(|keyword| shown.contains(keyword.as_str()))
}
