//! Whom the client trusts, and what becomes of a path.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::testing::{Chat, alice};

const AUTHORITY: &str = include_str!("tests/authority.pem");
const CERTIFICATE: &str = include_str!("tests/certificate.pem");
const KEY: &str = include_str!("tests/key.pem");
/// Somebody who asks; nobody but itself vouches for it.
const CLIENT: &str = include_str!("tests/client.pem");
const CLIENT_KEY: &str = include_str!("tests/client-key.pem");

/// A service that only [`AUTHORITY`] vouches for, and that breaks off the first connection if it `hesitates`.
async fn house(hesitates: bool) -> String {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    serve(config, hesitates).await
}

async fn serve(config: ServerConfig, hesitates: bool) -> String {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        if hesitates {
            drop(listener.accept().await);
        }
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust it goes away.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let answer = |_| async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("at home")))) };
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        }
    });
    origin
}

#[test]
fn a_certificate_of_a_client_comes_with_its_own_key() {
    let route = Route::default();
    let problem =
        |certificate, key| route.with_identity(certificate, key).err().map(|error| error.to_string());
    assert_eq!(problem(CLIENT, CLIENT_KEY), None);
    let expected =
        |came: &str| Some(format!("expected a client's certificate and its key in PEM, came {came}"));
    assert_eq!(problem("", KEY), expected("another certificate"));
    assert_eq!(problem(CERTIFICATE, "-----BEGIN"), expected("another key"));
    assert_eq!(problem(AUTHORITY, KEY), expected("the key of another certificate"));
}

#[tokio::test]
async fn a_client_says_who_it_is_by_its_certificate() {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CLIENT.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let known =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(known.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap(),
        )
        .unwrap();
    let origin = serve(config, false).await;
    let ask = async |route: Route| {
        let url = Url::parse(&origin).unwrap();
        let request = Request { method: Method::GET, url, headers: HeaderMap::new(), body: None, limit: 100 };
        let clock: &dyn Clock = &crate::clock::SystemClock;
        let by = clock.now() + std::time::Duration::from_secs(10);
        Outbound::default().send(request, &route, by, clock).await.and_then(|answer| answer.body)
    };
    let house = Route::new(Some(AUTHORITY), None).unwrap();
    let answer = ask(house.with_identity(CLIENT, CLIENT_KEY).unwrap()).await;
    assert_eq!(answer.as_deref(), Ok(&b"at home"[..]));
    assert!(ask(house).await.is_err());
}

/// A command that asks this service.
fn entry(origin: &str, effect: &str) -> String {
    format!(
        "[[http]]\nname = 'look'\nhelp = {{ zh = '看看', en = 'Look' }}\neffect = '{effect}'\nurl = '{origin}'\n\
         examples = ['look']"
    )
}

#[tokio::test]
async fn an_authority_of_the_house_is_trusted_where_it_is_named() {
    let entry = entry(&house(false).await, "read");
    let mut chat = Chat::with(&format!("{entry}\nca = '''{AUTHORITY}'''")).await;
    chat.say(alice(), "look").await;
    let reply = chat.read();
    assert!(reply.contains("at home"), "{reply}");
    let mut chat = Chat::with(&entry).await;
    chat.say(alice(), "look").await;
    let reply = chat.read();
    assert!(reply.contains("127.0.0.1 的证书不受信任，没有发出请求"), "{reply}");
}

#[tokio::test]
async fn a_system_that_nobody_trusted_vouches_for_is_told_of() {
    let system = format!("[[prometheus]]\nurl = '{}'\n", house(false).await);
    let mut chat = Chat::with(&system).await;
    chat.say(alice(), "prom query up").await;
    let reply = chat.read();
    assert!(reply.contains("Prometheus 的证书不受信任，没有发出请求"), "{reply}");
}

#[tokio::test]
async fn a_connection_is_tried_again_for_a_read_and_never_for_a_write() {
    let entry = |origin: &str, effect| format!("{}\nca = '''{AUTHORITY}'''", entry(origin, effect));
    const RULE: &str = "[[allow]]\nwho = ['staff']\nrun = ['look']\nconfirm = 'none'\n";
    for (effect, more, reply) in
        [("read", "", "at home"), ("write", "accept_one_tap = true\n", "没有发出请求")]
    {
        let mut chat = Chat::with(&format!("{RULE}{more}{}", entry(&house(true).await, effect))).await;
        chat.say(alice(), "look").await;
        let read = chat.read();
        assert!(read.contains(reply), "{read}");
    }
}

#[test]
fn an_authority_is_certificates() {
    assert_eq!(
        format!("{:?}", Route::new(Some(&format!("{AUTHORITY}{AUTHORITY}")), None).unwrap()),
        "Route(2 certificates)"
    );
    for (text, came) in [("", "none"), (KEY, "none"), ("-----BEGIN CERTIFICATE-----\n!", "something else")] {
        assert_eq!(Route::new(Some(text), None).unwrap_err(), InvalidAuthority(came), "{text}");
    }
}

#[test]
fn a_segment_stays_one() {
    let origin = Url::parse("https://api.example.com:8443").unwrap();
    let url = address(&origin, &["v1", "a/b c", "..x", "100%", "中"]).unwrap();
    assert_eq!(url.as_str(), "https://api.example.com:8443/v1/a%2Fb%20c/..x/100%25/%E4%B8%AD");
    assert_eq!(address::<&str>(&origin, &[]).unwrap().as_str(), "https://api.example.com:8443/");
    let below = Url::parse("https://api.example.com/base/").unwrap();
    assert_eq!(address(&below, &["v1"]).unwrap().as_str(), "https://api.example.com/base/v1");
    for segment in ["", ".", "..", "a/..", "../a", "a//b", "/a", "a/", "a\\..", "a\nb", "a\u{0}"] {
        assert_eq!(address(&origin, &["v1", segment]), Err((1, InvalidSegment)), "{segment:?}");
    }
}
