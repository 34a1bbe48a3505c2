//! A robot that answers each kind of message on demand.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::{Value, json};
use simulator::Robot;

pub const HOSTILE: &str = "<script>window.pwned = 1</script>\n\n\
    <img src=x onerror=\"window.pwned = 2\">\n\n\
    text <img src=x onerror=alert(3)> <svg onload=alert(4)> <style>* { display: none }</style>\n\n\
    [link](javascript:window.pwned=5) [data](data:text/html,<script>alert(6)</script>)\n\n\
    ![picture](javascript:window.pwned=7) <a href=\"javascript:window.pwned=8\">a</a>\n\n\
    <font color=\"#FF0000\" onmouseover=\"window.pwned=9\">font</font>\n\n\
    <iframe src=\"javascript:window.parent.pwned=10\"></iframe>";

const EVERYTHING: &str = "# 一级标题\n\n#### 四级标题\n\n正文 **加粗** *斜体* [链接](https://example.com/a) @0147000002\n\n\
    - 甲\n- 乙\n  1. 一\n  2. 二\n\n> 引用一句话\n\n<font color=#D4380D>橙色</font>&nbsp;&#42;星号&#42;\n\n\
    行内 `kubectl get pods` 和 ~~删掉~~\n\n\
    | 服务 | 状态 |\n|---|---|\n| web | 正常 |\n\n```rust\nfn main() {\n    println!(\"<b>\");\n}\n```\n\n---\n\n\
    - [x] 完成\n\n<b>HTML</b>\n\n![图](https://example.invalid/a.png)";

/// The robot; what it gets is put into `heard`.
pub fn robot(heard: Arc<Mutex<Vec<Value>>>) -> Robot {
    Robot::function(move |request: Request<Bytes>| {
        let callback: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(callback.clone());
        async move {
            let reply = reply(&callback);
            let by_session = ["text", "link"].contains(&reply["msgtype"].as_str().unwrap_or_default());
            match callback["sessionWebhook"].as_str().filter(|_| by_session) {
                Some(webhook) => {
                    tokio::spawn(post(webhook.to_owned(), reply));
                    Response::new(Bytes::from_static(br#"{"msgtype":"empty"}"#))
                }
                None => Response::new(reply.to_string().into()),
            }
        }
    })
}

/// What a callback says.
pub fn text(callback: &Value) -> &str {
    let said = [&callback["text"]["content"], &callback["content"]["recognition"]];
    said.iter().find_map(|said| said.as_str()).unwrap_or_default().trim()
}

async fn post(webhook: String, reply: Value) {
    let request = Request::post(webhook).header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Full::new(Bytes::from(reply.to_string()))).expect("a request");
    let client = Client::builder(TokioExecutor::new()).build_http();
    // Under a fault there is no answer.
    let _ = client.request(request).await;
}

fn says(title: &str, text: &str) -> Value {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("content", text).finish();
    json!({ "title": title, "actionURL": format!("dtmd://dingtalkclient/sendMessage?{query}") })
}

fn markdown(title: &str, text: &str) -> Value {
    json!({ "msgtype": "markdown", "markdown": { "title": title, "text": text } })
}

fn card(orientation: &str, buttons: &[Value]) -> Value {
    let text = "### 重启 deploy/web？\n\n- **命名空间**：prod\n- **副本**：3\n\n> 两分钟内有效";
    json!({ "msgtype": "actionCard", "actionCard": {
        "title": "重启 web？", "text": text, "btnOrientation": orientation, "btns": buttons,
    } })
}

fn reply(callback: &Value) -> Value {
    let staff_id = callback["senderStaffId"].as_str().unwrap_or_default();
    let (confirm, cancel) = (says("确认重启", "确认 7f3a"), says("取消", "取消 7f3a"));
    let logs = json!({ "title": "看日志", "actionURL": "https://example.com/logs" });
    let dead = json!({ "title": "坏按钮", "actionURL": "javascript:window.pwned=11" });
    match text(callback) {
        "at" => json!({
            "msgtype": "text",
            "text": { "content": format!("@{staff_id} 构建 #218 成功，用时 3 分 12 秒\nhttps://ci.example.com/218") },
            "at": { "atUserIds": [staff_id] },
        }),
        "no at" => json!({
            "msgtype": "text", "text": { "content": "没写 @" }, "at": { "atUserIds": [staff_id] },
        }),
        "all" => {
            let mut reply = markdown("什么都有", EVERYTHING);
            reply["at"] = json!({ "atUserIds": [staff_id] });
            reply
        }
        "hostile" => markdown("<img src=x onerror=alert(12)>", HOSTILE),
        "own pictures" => {
            let webhook =
                callback["sessionWebhook"].as_str().and_then(|webhook| url::Url::parse(webhook).ok());
            let origin = webhook.expect("a session").origin().ascii_serialization();
            let picture = |index: u8| format!("![p]({origin}/page/events?{index})\n\n");
            markdown("pictures", &(0..8).map(picture).collect::<String>())
        }
        "nested" => markdown("nested", &">".repeat(19_000)),
        "hostile card" => card("0", &[dead]),
        "link" => json!({ "msgtype": "link", "link": {
            "title": "构建 #218 成功", "text": "web 的主干在 3 分 12 秒内构建完成，412 个测试全部通过。",
            "messageUrl": "https://example.com/218", "picUrl": "https://example.invalid/a.png",
        } }),
        "single" => json!({ "msgtype": "actionCard", "actionCard": {
            "title": "发布单", "text": "### 发布单 #77\n\nweb **v1.8.0** 等待批准",
            "singleTitle": "去批准", "singleURL": "https://example.com/77",
        } }),
        "vertical" => card("0", &[confirm, cancel, logs]),
        "horizontal" => card("1", &[confirm, cancel]),
        "feed" => {
            let link = |title: &str| json!({ "title": title, "messageURL": "https://example.com/", "picURL": "https://example.invalid/a.png" });
            let links = ["本周发布：web 1.8.0", "变更日历", "值班表"].map(link);
            json!({ "msgtype": "feedCard", "feedCard": { "links": links } })
        }
        other => json!({ "msgtype": "text", "text": { "content": format!("收到：{other}") } }),
    }
}
