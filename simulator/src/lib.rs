//! A DingTalk (钉钉) to develop and test robots against.
//!
//! It builds and signs the callbacks that DingTalk pushes to an enterprise robot, and is the endpoints that a robot
//! talks to, as strict as DingTalk is. It knows nothing of the robots it drives, and signs by itself.
//!
//! ```
//! use bytes::Bytes;
//! use http::Response;
//! use simulator::{Place, Robot, Simulator};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let dingtalk = Simulator::start().await?;
//! // A robot that answers in its response; `Robot::at("http://127.0.0.1:9000/")` is one that listens.
//! let reply = r#"{"msgtype":"text","text":{"content":"pong"}}"#;
//! dingtalk.connect(Robot::function(move |_| async move { Response::new(Bytes::from_static(reply.as_bytes())) }));
//!
//! let alice = dingtalk.person("alice")?;
//! dingtalk.say(&alice, &Place::group("ops"), "ping").await?;
//! assert_eq!(dingtalk.read().map(|message| message.to_string()).as_deref(), Some("pong"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `simulator`, `world` | the handle, and what DingTalk knows |
//! | `organisation`, `said` | who there is, and what they say |
//! | `push`, `callback`, `signature`, `robot` | from what is said to what a robot answers |
//! | `endpoints`, `message`, `refusal`, `meter`, `server` | what a robot talks to, field by field and limit by limit |
//! | `fault` | what goes wrong on demand |
//! | `traffic` | what went over the wire |
//! | [`cli`] | how a program lets somebody talk to a robot |
//! | `page` | the chat in a browser (feature `page`) |

mod callback;
#[cfg(feature = "cli")]
pub mod cli;
mod clock;
mod endpoints;
mod fault;
mod message;
mod meter;
mod organisation;
#[cfg(feature = "page")]
mod page;
mod push;
mod refusal;
mod robot;
mod said;
mod server;
mod signature;
mod simulator;
mod traffic;
mod world;

pub use self::{
    clock::Clock,
    endpoints::{Endpoint, UNSAFE_CONTENT, UNSAFE_HOST, UNSAFE_TEXT},
    fault::{AnswerFault, CallbackFault, STRANGER, Unknowns},
    message::{Author, Button, Content, FeedLink, Mentions, Message, RichPart, Way},
    meter::{Quota, Quotas},
    organisation::{
        App, CORP, CustomRobot, CustomRobotState, Group, Organisation, Person, Place, Reach, SECRET, TOKEN,
        TOKEN_SECRET,
    },
    push::{Heard, Pushed},
    robot::{InvalidAddress, Robot},
    said::{Said, SayError},
    signature::sign,
    simulator::{Builder, Event, Simulator, Watch},
    traffic::{Answer, Direction, Exchange, Note},
    world::Rejected,
};
