//! A robot that listens, for a program that calls it.

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::process::SECRET;

const EMPTY: &str = r#"{"msgtype":"empty"}"#;

/// A robot that listens and answers with status 200 and this body: its address.
pub async fn robot<A>(answer: impl Fn(Request<Bytes>) -> A + Clone + Send + Sync + 'static) -> String
where
    A: Future<Output = Response<String>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await?.to_bytes();
                    Ok::<_, hyper::Error>(answer(Request::from_parts(parts, body)).await)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    format!("http://{address}/")
}

/// A robot that posts before it answers the callback.
pub async fn poster<A>(post: impl Fn(Callback) -> A + Clone + Send + Sync + 'static) -> String
where
    A: Future<Output = ()> + Send,
{
    robot(move |request| {
        let posted = post(Callback::of(&request));
        async move {
            posted.await;
            Response::new(EMPTY.to_owned())
        }
    })
    .await
}

/// A robot that says this in its response.
pub async fn echo(reply: Value) -> String {
    robot(move |_| {
        let reply = reply.to_string();
        async move { Response::new(reply) }
    })
    .await
}

pub fn text(content: &str) -> Value {
    json!({ "msgtype": "text", "text": { "content": content } })
}

/// What a robot got, and how it reaches whoever sent it.
#[derive(Clone)]
pub struct Callback {
    pub json: Value,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Callback {
    pub fn of(request: &Request<Bytes>) -> Self {
        let json = serde_json::from_slice(request.body()).expect("JSON");
        Self { json, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub fn webhook(&self) -> &str {
        self.json["sessionWebhook"].as_str().expect("an address")
    }

    /// Posts to an address; nothing comes back once the program has ended.
    pub async fn post(&self, url: &str, token: &str, body: &Value) -> Option<Value> {
        let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        let request = request.header("x-acs-dingtalk-access-token", token);
        let request = request.body(Full::new(Bytes::from(body.to_string()))).expect("a request");
        let body = self.client.request(request).await.ok()?.into_body().collect().await.ok()?;
        serde_json::from_slice(&body.to_bytes()).ok()
    }

    pub async fn reply(&self, body: &Value) -> Option<Value> {
        self.post(self.webhook(), "", body).await
    }

    pub async fn api(&self, path: &str, token: &str, body: &Value) -> Option<Value> {
        let (origin, _) = self.webhook().split_once("/robot/").expect("an address");
        self.post(&format!("{origin}{path}"), token, body).await
    }

    pub async fn token(&self) -> Option<Value> {
        let body = json!({ "appKey": "dingappkey0000000000", "appSecret": SECRET });
        self.api("/v1.0/oauth2/accessToken", "", &body).await
    }
}
