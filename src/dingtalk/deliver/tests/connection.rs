//! How far a post came before it was cut off: what never left, or was turned away, goes by the other way.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use simulator::{Organisation, Simulator, Way as Arrived};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    clock::Clock,
    dingtalk::{
        callback::RawSessionWebhook,
        deliver::{Deliver, Reach, Undelivered, Way},
        message::{Body, Message, Shown},
        robot::{Address, Credentials, OpenApi},
        session::SessionHosts,
        signature::Secret,
    },
    outbound::Outbound,
    testing::{NOW_MS, TestClock, dingtalk},
};

/// What a message may take.
const PATIENCE: SignedDuration = SignedDuration::from_secs(8);
/// More than that, so that any wait for it passes.
const WAIT: Duration = Duration::from_secs(9);

/// A process whose session webhook is at a host of its own, and whose OpenAPI is DingTalk's.
struct Process {
    dingtalk: Simulator,
    clock: TestClock,
    deliver: Deliver,
    to: Reach,
}

impl Process {
    async fn with_session_at(origin: &str) -> Self {
        let clock = TestClock::at(NOW_MS);
        let dingtalk = dingtalk(clock.clone()).await;
        let hosts = SessionHosts::new(&[origin]).unwrap();
        let raw = RawSessionWebhook::new(format!("{origin}/robot/sendBySession?session=0a1b"));
        let Organisation { app, groups, .. } = dingtalk.organise(|organisation| organisation.clone());
        let secret = Secret::new(app.secret).unwrap();
        let credentials = Credentials { key: app.key, secret, robot_code: app.robot_code };
        let (outbound, by) = (Arc::new(Outbound::default()), Arc::new(clock.clone()));
        let api = dingtalk.origin().parse().unwrap();
        let openapi = OpenApi::new(api, credentials, Arc::clone(&outbound), by.clone());
        let to = Reach {
            session: Some(hosts.check(&raw).unwrap()),
            address: Some(Address::Group(groups[0].conversation_id.clone())),
            ..Reach::default()
        };
        Self { dingtalk, deliver: Deliver::new(outbound, by, Some(openapi)), clock, to }
    }

    async fn send(&self) -> Result<Way, Undelivered> {
        let message = Message::new(Body::Text(Shown::new("hello").unwrap()));
        let deadline = Clock::now(&self.clock) + PATIENCE;
        self.deliver.deliver(&self.to, false, |_| message.clone(), deadline).await
    }

    /// Sends a message while this goes on at the other side and with the clock.
    async fn send_while(&self, meanwhile: impl Future<Output = ()>) -> Result<Way, Undelivered> {
        tokio::select! {
            sent = self.send() => sent,
            () = async { meanwhile.await; std::future::pending().await } => unreachable!(),
        }
    }

    /// By which ways it arrived.
    fn arrived(&self) -> Vec<Arrived> {
        std::iter::from_fn(|| self.dingtalk.read()).map(|message| message.way).collect()
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Takes one request, begins to answer it like this, and then hangs for so many waits, or closes.
async fn begin(listener: TcpListener, answer: &str, clock: &TestClock, waits: usize) {
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0, "the request left");
    stream.write_all(answer.as_bytes()).await.unwrap();
    // More turns than the runtime takes before it looks for what can be read: it is read.
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
    for _ in 0..waits {
        clock.pass(WAIT).await;
    }
    if waits > 0 {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_connection_that_is_never_made_leaves_time_for_the_other_way() {
    // A host that takes the connection and never says a word of TLS.
    let (_listener, address) = listen().await;
    let process = Process::with_session_at(&format!("https://{address}")).await;
    assert_eq!(process.send_while(process.clock.pass(WAIT)).await, Ok(Way::OpenApi));
    assert_eq!(process.arrived(), [Arrived::GroupMessage]);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_judged_by_its_status() {
    let half = |status| format!("HTTP/1.1 {status} X\r\nContent-Length: 500\r\n\r\n{{\"errcode\":0");
    // Waits: until time for the other way is kept, then until the end.
    for (answer, goes_on, waits) in [
        (half(403), true, 0),
        (half(404), true, 1),
        (half(302), true, 0),
        (half(302), true, 1),
        (half(200), false, 0),
        (half(200), false, 2),
        (half(502), false, 0),
        (half(502), false, 2),
        (String::new(), false, 0),
        (String::new(), false, 2),
    ] {
        let (listener, address) = listen().await;
        let process = Process::with_session_at(&format!("http://{address}")).await;
        let sent = process.send_while(begin(listener, &answer, &process.clock, waits)).await;
        let arrived = process.arrived();
        if goes_on {
            assert_eq!((sent, &arrived[..]), (Ok(Way::OpenApi), &[Arrived::GroupMessage][..]), "{answer}");
        } else {
            let undelivered = sent.unwrap_err();
            assert!(undelivered.may_have_arrived(), "{answer} {waits}: {undelivered}");
            assert_eq!((arrived, process.dingtalk.calls()), (vec![], vec![]), "{answer} {waits}");
        }
    }
}
