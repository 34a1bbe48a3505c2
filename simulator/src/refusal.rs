//! What DingTalk says to a request that it does not take (protocol.md 3 to 5).

use serde_json::{Value, json};

use crate::message::fields::Fault;

/// An answer of the old API: HTTP 200 with an `errcode`. Its texts change at DingTalk's; the codes do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: i64,
    pub message: String,
}

/// What DingTalk calls each code where no request of its own says more (KB-0717, KB-1433, and what users report).
const REFUSALS: &[(i64, &str)] = &[
    (-1, "系统繁忙"),
    (40035, "缺少参数 json"),
    (43002, "需要POST请求"),
    (43004, "无效的HTTP HEADER Content-Type"),
    (90002, "您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了"),
    (90018, "您的服务器调用钉钉开放平台当前接口的QPS超过上限"),
    (90020, "当前企业的API调用量已达到本月上限"),
    (101002, "message is too long"),
    (130101, "send too fast, exceed 20 times per minute"),
    (300001, "session 不存在"),
    (300005, "token is not exist"),
    (310000, "keywords not in content"),
    (400013, "群已被解散"),
    (400101, "access_token不存在"),
    (400102, "机器人已停用"),
    (400105, "不支持的消息类型"),
    (400106, "机器人不存在"),
    (400402, "miss param : markdown->title"),
    (410100, "发送速度太快而限流"),
    (430101, "含有不安全的外链"),
    (430102, "含有不合适的文本"),
    (430103, "含有不合适的图片"),
    (430104, "含有不合适的内容"),
    (460101, "message too long, exceed 20000 bytes"),
    (500100, "系统异常，请稍后再试"),
    (660026, "sending too many messages per minute"),
];

/// The code of each field that is not there (KB-0716's table and what users report).
const FIELDS: &[(&str, i64)] = &[
    ("text", 400201),
    ("text->content", 400202),
    ("link", 400301),
    ("link->text", 400302),
    ("link->title", 400303),
    ("link->messageUrl", 400304),
    ("markdown", 400401),
    ("markdown->title", 400402),
    ("markdown->text", 400403),
    ("actionCard", 400501),
    ("actionCard->title", 400502),
    ("actionCard->text", 400503),
    ("actionCard->singleTitle", 400504),
    ("actionCard->singleURL", 400505),
    ("actionCard->btns", 400506),
    ("actionCard->btns->title", 400507),
    ("actionCard->btns->actionURL", 400508),
    ("feedCard", 400601),
    ("feedCard->links", 400602),
    ("feedCard->links->title", 400603),
    ("feedCard->links->messageURL", 400604),
    ("feedCard->links->picURL", 400605),
];

impl Refusal {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// With the text that the code has.
    pub(crate) fn of(code: i64) -> Self {
        let text = REFUSALS.iter().find(|(known, _)| *known == code).map_or("", |(_, text)| text);
        Self::new(code, text)
    }

    /// The body is no JSON object.
    pub(crate) fn no_json() -> Self {
        Self::of(40035)
    }

    /// A type of message that there is not, or not here.
    pub(crate) fn unsupported(msgtype: &str) -> Self {
        Self::new(400105, format!("错误描述: 不支持类型 msgType:{msgtype} ;解决方案:请使用支持的类型;"))
    }

    /// One of the security settings of a custom robot does not hold (310000).
    pub(crate) fn security(what: &str) -> Self {
        Self::new(310000, what)
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "errcode": self.code, "errmsg": self.message })
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let path = fault.path();
        let code = FIELDS.iter().find(|(known, _)| *known == path).map_or(40035, |(_, code)| *code);
        Self::new(code, format!("miss param : {path}"))
    }
}

/// What the OpenAPI calls each code, and its status (KB-0013, KB-0033, KB-0714, KB-0716, and what users report).
/// `notExsit` is DingTalk's own spelling.
const API_ERRORS: &[(&str, u16, &str)] = &[
    ("AuthenticationFailed.MissingParameter", 400, "缺少参数：x-acs-dingtalk-access-token"),
    (IP_NOT_IN_WHITE_LIST, 403, "访问ip不在白名单之中"),
    (QPS_LIMIT, 403, "您的企业应用调用钉钉开放平台当前接口的QPS超过上限"),
    (
        "Forbidden.AccessDenied.QpsLimitForApi",
        403,
        "您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
    ),
    (PERMISSION_DENIED, 403, "没有调用该接口的权限"),
    (API_COUNT_LIMIT, 403, "当前企业的API调用量已达到本月上限"),
    ("InvalidAuthentication", 400, "不合法的access_token"),
    ("Missingbody", 400, "body is mandatory for this action."),
    ("Invalidbody", 400, "Specified parameter body is not valid. JSON parsing error"),
    ("ServiceUnavailable", 503, "系统繁忙，请稍后再试"),
    ("bot.stopped", 400, "群机器人已经停用"),
    ("group.disbanded", 400, "群已经解散"),
    ("invalid.openConversationId", 400, "无效的openConversationId"),
    ("invalidClientIdOrSecret", 400, "无效的clientId或者clientSecret"),
    ("invalidParameter.invalid", 400, "token对应机器人不存在"),
    ("invalidParameter.msgKey.invalid", 400, "msgKey无效"),
    ("invalidParameter.msgParam.invalid", 400, "错误描述:msgParam格式不正确;解决方案:请使用json格式;"),
    ("invalidParameter.msgParam.tooLong", 400, "消息内容太长"),
    (
        "invalidParameter.robotCode.notExsit",
        400,
        "错误描述: robot 不存在；解决方案:请确认 robotCode 是否正确；",
    ),
    ("invalidParameter.userIds.overMax", 400, "用户userId列表超过最大限制"),
    ("keywords.not.match", 400, "关键词不匹配"),
    ("only.groupAdmin.canAtAll", 400, "仅群主可@所有人"),
    ("resource.not.found", 400, "错误描述: robot 不存在；解决方案:请确认 robotCode 是否正确；"),
    ("robot.oto.notExist", 400, "没有有效的机器人单聊会话"),
    ("send.too.fast", 400, "限流错误"),
    ("session.expired", 400, "session已过期"),
    ("session.notExisted", 400, "session不存在"),
    ("staffId.notExisted", 400, "staffId不存在"),
    ("system.error", 500, "未知的系统错误"),
    ("toomuch.msg", 400, "send too fast"),
];

/// 服务器出口IP.
pub(crate) const IP_NOT_IN_WHITE_LIST: &str = "Forbidden.AccessDenied.IpNotInWhiteList";
/// Too many calls in a second.
pub(crate) const QPS_LIMIT: &str = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi";
/// The permission to send messages was not granted.
pub(crate) const PERMISSION_DENIED: &str = "Forbidden.AccessDenied.AccessTokenPermissionDenied";
/// The month's calls are used up.
pub(crate) const API_COUNT_LIMIT: &str = "Forbidden.AccessDenied.ApiCountLimitForOrg";

/// An answer of the OpenAPI: a status, a code and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// A field of the body is not there, or of another type.
    pub(crate) fn field(fault: &Fault) -> Self {
        let path = fault.path();
        match fault {
            Fault::Missing(_) => {
                Self::new(400, &format!("Missing{path}"), format!("{path} is mandatory for this action."))
            }
            Fault::Mistyped { expected, .. } => {
                let message = format!("Specified parameter {path} is not valid: expected {expected}");
                Self::new(400, &format!("Invalid{path}"), message)
            }
        }
    }

    /// With the text and status that the code has; an unknown one is a 400 without a text.
    pub(crate) fn of(code: &str) -> Self {
        let (status, text) = API_ERRORS
            .iter()
            .find(|(known, ..)| *known == code)
            .map_or((400, ""), |(_, status, text)| (*status, text));
        Self::new(status, code, text)
    }

    pub(crate) fn body(&self, request_id: &str) -> Value {
        let mut body = json!({ "code": self.code, "requestid": request_id, "message": self.message });
        if self.code.ends_with("AccessTokenPermissionDenied") {
            body["accessdenieddetail"] = json!({ "requiredScopes": ["qyapi_robot_sendmsg"] });
        }
        body
    }
}
