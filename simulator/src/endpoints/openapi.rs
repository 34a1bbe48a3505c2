//! The robot OpenAPI: messages to a group and to people (protocol.md 5; KB-0714, KB-0716).

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Call, Endpoint, Reply,
    token::{authentic, json_body},
    webhook::{has_keyword, paced},
};
use crate::{
    message::{Author, Content, Mentions, Way, fields::Fields, msg_param},
    meter::Window,
    organisation::{CustomRobot, CustomRobotState, Place, Reach},
    refusal::{API_COUNT_LIMIT, ApiError, IP_NOT_IN_WHITE_LIST, PERMISSION_DENIED, QPS_LIMIT},
    world::{Posted, World},
};

/// Calls of one endpoint in a second.
const PER_SECOND: usize = 20;
/// Messages of one robot in a minute.
const PER_MINUTE: usize = 6000;
/// The largest `msgParam` in bytes.
const MAX_PARAM: usize = 15_000;
/// The most people of one call.
const MAX_PEOPLE: usize = 20;

/// `POST /v1.0/robot/groupMessages/send`
pub(super) fn group(world: &mut World, call: &Call) -> Result<Reply, ApiError> {
    let body = allowed(world, call, Endpoint::GroupMessages)?;
    let fields = Fields::new(&body, "");
    robot(world, &fields, "resource.not.found")?;
    let id = text(&fields, "openConversationId")?;
    let group = world.organisation.group_by_id(&id);
    let group = group.ok_or_else(|| ApiError::of("invalid.openConversationId"))?;
    if group.disbanded {
        return Err(ApiError::of("group.disbanded"));
    }
    let place = Place::group(&group.name);
    let content = content(&fields)?;
    if let Some(robot) = by_token(world, &fields, &place)? {
        if !has_keyword(&robot, &content) {
            return Err(ApiError::of("keywords.not.match"));
        }
        if !paced(world, &robot, call) {
            return Err(ApiError::of("send.too.fast"));
        }
    }
    within_pace(world, call, 1)?;
    let key = world.id("pqk");
    let message = world.post(posted(place, content, Way::GroupMessage, &key, &body), call.now);
    Ok(Reply { messages: vec![message], ..Reply::ok(json!({ "processQueryKey": key })) })
}

/// `POST /v1.0/robot/oToMessages/batchSend`
///
/// Of several staff ids those that nothing can be sent to come back in a list; where all are such DingTalk takes
/// nothing.
pub(super) fn one_to_one(world: &mut World, call: &Call) -> Result<Reply, ApiError> {
    let body = allowed(world, call, Endpoint::OneToOne)?;
    let fields = Fields::new(&body, "");
    robot(world, &fields, "invalidParameter.robotCode.notExsit")?;
    let mut ids = fields.texts("userIds");
    // Nobody gets a message twice.
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    if ids.is_empty() {
        return Err(ApiError::field(&crate::message::fields::Fault::Missing("userIds".into())));
    }
    if ids.len() > MAX_PEOPLE {
        return Err(ApiError::of("invalidParameter.userIds.overMax"));
    }
    let content = content(&fields)?;
    let (mut places, mut invalid, mut held_back) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_known = false;
    for id in &ids {
        match world.organisation.person_by_staff_id(id) {
            None => invalid.push(id),
            Some(person) => {
                is_known = true;
                match person.reach {
                    Reach::Open => places.push(Place::private(person)),
                    Reach::FlowControlled => held_back.push(id),
                    Reach::NoChat => invalid.push(id),
                }
            }
        }
    }
    if invalid.len() == ids.len() {
        return Err(ApiError::of(if is_known { "robot.oto.notExist" } else { "staffId.notExisted" }));
    }
    within_pace(world, call, places.len())?;
    let key = world.id("pqk");
    let posted = |place| posted(place, content.clone(), Way::OneToOne, &key, &body);
    let messages = places.into_iter().map(|place| world.post(posted(place), call.now)).collect();
    let answer = json!({
        "processQueryKey": key,
        "invalidStaffIdList": invalid,
        "flowControlledStaffIdList": held_back,
    });
    Ok(Reply { messages, ..Reply::ok(answer) })
}

/// The body of a call that may be made at all.
fn allowed(world: &mut World, call: &Call, endpoint: Endpoint) -> Result<Map<String, Value>, ApiError> {
    authentic(world, call)?;
    let app = &world.organisation.app;
    if !app.addresses.is_empty() && !app.addresses.iter().any(|network| network.contains(&call.peer)) {
        let message = format!("访问ip不在白名单之中,request ip={}", call.peer);
        return Err(ApiError::new(403, IP_NOT_IN_WHITE_LIST, message));
    }
    if !app.may_send {
        return Err(ApiError::of(PERMISSION_DENIED));
    }
    let per_second = || Window::new(PER_SECOND, Duration::from_secs(1), Duration::ZERO);
    if !world.limits.calls.entry(endpoint).or_insert_with(per_second).take(call.now) {
        return Err(ApiError::of(QPS_LIMIT));
    }
    if !world.quotas.at(call.now).api.take() {
        return Err(ApiError::of(API_COUNT_LIMIT));
    }
    json_body(call)
}

/// Whether the robot of this `robotCode` may send. Both endpoints have their own code for one that is not there.
fn robot(world: &World, fields: &Fields<'_>, unknown: &str) -> Result<(), ApiError> {
    let code = text(fields, "robotCode")?;
    let app = &world.organisation.app;
    if code != app.robot_code {
        Err(ApiError::of(unknown))
    } else if app.stopped {
        Err(ApiError::of("bot.stopped"))
    } else {
        Ok(())
    }
}

/// The working custom robot of this group with `token`, where a call names one; its keywords and pace hold as well.
fn by_token(world: &World, fields: &Fields<'_>, place: &Place) -> Result<Option<CustomRobot>, ApiError> {
    let token = fields.optional_text("token").map_err(|fault| ApiError::field(&fault))?;
    let fits = |robot: &&CustomRobot| {
        robot.token == token
            && robot.state == CustomRobotState::Working
            && Place::group(&robot.group) == *place
    };
    let robot = world.organisation.custom_robots.iter().find(fits);
    match robot {
        None if token.is_empty() => Ok(None),
        None => Err(ApiError::of("invalidParameter.invalid")),
        robot => Ok(robot.cloned()),
    }
}

/// A call for several people is as many messages.
fn within_pace(world: &mut World, call: &Call, messages: usize) -> Result<(), ApiError> {
    let window = || Window::new(PER_MINUTE, Duration::from_secs(60), Duration::ZERO);
    let window = world.limits.robot.get_or_insert_with(window);
    let fits = (0..messages).all(|_| window.take(call.now));
    if fits { Ok(()) } else { Err(ApiError::of("toomuch.msg")) }
}

fn content(fields: &Fields<'_>) -> Result<Content, ApiError> {
    let (key, param) = (text(fields, "msgKey")?, text(fields, "msgParam")?);
    if param.len() > MAX_PARAM {
        return Err(ApiError::of("invalidParameter.msgParam.tooLong"));
    }
    msg_param::read(&key, &param)
}

fn text(fields: &Fields<'_>, key: &str) -> Result<String, ApiError> {
    fields.text(key).map_err(|fault| ApiError::field(&fault))
}

fn posted(place: Place, content: Content, way: Way, key: &str, body: &Map<String, Value>) -> Posted {
    Posted {
        place,
        content,
        way,
        author: Author::Robot,
        mentions: Mentions::default(),
        process_query_key: Some(key.into()),
        posted: Value::Object(body.clone()),
    }
}
