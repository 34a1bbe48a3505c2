//! What an answer says: whether the message was taken, refused, or perhaps either (protocol.md 3 to 5).

use serde_json::Value;

use super::DeliveryError;
use crate::text;

/// Stands for a code where a gateway in front of DingTalk says that this address calls too often (protocol.md 3).
const GATEWAY: &str = "x5";
/// The code of success.
const ZERO: &str = "0";
/// What the OpenAPI calls a message by that it took.
pub(in crate::dingtalk) const QUERY_KEY: &str = "processQueryKey";

/// Reads the answer of the old API: HTTP 200 alone is not success, `errcode` must be 0 (protocol.md 3). `show` masks
/// what must not be logged.
pub(in crate::dingtalk) fn judge_old(
    status: u16,
    answer: &[u8],
    show: impl Fn(&str) -> String,
) -> Result<(), DeliveryError> {
    let json = serde_json::from_slice::<Value>(answer).ok();
    match json.as_ref().and_then(|json| code(json.get("errcode")?)).as_deref() {
        Some(ZERO) if (200..300).contains(&status) => Ok(()),
        Some(ZERO) => Err(contradiction(status)),
        Some(code) => {
            let message = json.as_ref().and_then(|json| json.get("errmsg")?.as_str()).unwrap_or("");
            Err(DeliveryError::refused(status, code, message, json.as_ref(), show))
        }
        None => Err(without_code(status, json.as_ref(), answer, show)),
    }
}

/// Reads the answer of the OpenAPI: 2xx is success, and then it is JSON. What has the key of a message that was taken
/// is success whatever else it says.
pub(in crate::dingtalk) fn judge_new(
    status: u16,
    answer: &[u8],
    show: impl Fn(&str) -> String,
) -> Result<Value, DeliveryError> {
    let json = serde_json::from_slice::<Value>(answer).ok();
    let text = |key: &str| json.as_ref().and_then(|json| json.get(key)?.as_str());
    let code = json.as_ref().and_then(|json| code(json.get("code").or_else(|| json.get("errcode"))?));
    let is_success = (200..300).contains(&status);
    match (&json, code.as_deref()) {
        (Some(json), None | Some(ZERO)) if is_success && json.is_object() && !is_gateway(json) => {
            Ok(json.clone())
        }
        (Some(json), _) if is_success && text(QUERY_KEY).is_some() => Ok(json.clone()),
        (_, Some(ZERO)) => Err(contradiction(status)),
        (_, Some(code)) => {
            let message = text("message").or_else(|| text("errmsg")).unwrap_or("");
            Err(DeliveryError::refused(status, code, message, json.as_ref(), show))
        }
        _ => Err(without_code(status, json.as_ref(), answer, show)),
    }
}

/// A code as a text: DingTalk gives numbers and texts (protocol.md 10). Zero is [`ZERO`], however it is written.
fn code(value: &Value) -> Option<String> {
    let code = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is_zero = code.parse() == Ok(0.0);
    if is_zero { Some(ZERO.into()) } else { Some(code).filter(|code| !code.is_empty()) }
}

/// Success by its code, and failure by its status.
fn contradiction(status: u16) -> DeliveryError {
    DeliveryError::AnswerLost(format!("errcode 0 came with HTTP {status}"))
}

/// What an answer without a code says by its status and form.
fn without_code(
    status: u16,
    json: Option<&Value>,
    answer: &[u8],
    show: impl Fn(&str) -> String,
) -> DeliveryError {
    let answer = String::from_utf8_lossy(answer);
    match json {
        Some(json) if is_gateway(json) => DeliveryError::refused(status, GATEWAY, &answer, Some(json), show),
        _ if status == 429 => DeliveryError::refused(status, "429", &answer, json, show),
        _ => DeliveryError::NotDingTalk {
            status,
            json: json.is_some(),
            excerpt: text::cut(&show(&answer), 200),
        },
    }
}

/// `{"status":1111,"wait":5,"source":"x5","punish":"deny"}` (protocol.md 3).
fn is_gateway(json: &Value) -> bool {
    json.get("punish").is_some() || json.get("source").is_some_and(|source| source == GATEWAY)
}
