//! A DingTalk on one's own machine, for a robot in any language.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use simulator::{Organisation, Robot, Simulator, TOKEN, TOKEN_SECRET, cli::Talk};

/// A DingTalk on one's own machine, for a robot in any language.
///
/// It pushes signed callbacks to the robot, and takes what the robot posts to their sessionWebhook, to a custom
/// robot's webhook, or to the OpenAPI. The chat is a page in the browser.
#[derive(Parser)]
#[command(name = "simulator", version)]
struct Arguments {
    /// The robot's message receive address, such as http://127.0.0.1:9000/
    #[arg(long, value_name = "URL")]
    robot: String,
    /// The app's Client Secret, as the robot knows it
    #[arg(long, env = "DINGTALK_APP_SECRET", hide_env_values = true)]
    secret: String,
    /// The app's Client ID, for the access token
    #[arg(long, value_name = "KEY", default_value = "dingappkey0000000000")]
    app_key: String,
    /// The robot's robotCode
    #[arg(long, value_name = "CODE", default_value = "dingxxxxxxxx")]
    robot_code: String,
    /// The name of the robot in the chat
    #[arg(long, value_name = "NAME", default_value = "机器人")]
    robot_name: String,
    /// How the robot reaches this, where that is not the address it listens on: http://host.docker.internal:8000
    #[arg(long, value_name = "URL", value_parser = origin)]
    public_url: Option<String>,
    #[command(flatten)]
    talk: Talk,
}

/// Scheme, host and port, and nothing else.
fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).ok().filter(|url| {
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        bare && matches!(url.scheme(), "http" | "https") && url.username().is_empty()
    });
    let url = url.ok_or("expected scheme, host and port, such as http://host.docker.internal:8000")?;
    Ok(url.origin().ascii_serialization())
}

/// Something in the arguments is wrong, or the address is taken.
const NOT_STARTED: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::from(NOT_STARTED)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let robot = Robot::at(&arguments.robot)?;
    if arguments.secret.is_empty() {
        return Err("--secret: expected the app's Client Secret, came nothing".into());
    }
    let mut organisation = Organisation::default();
    organisation.app.secret.clone_from(&arguments.secret);
    organisation.app.key.clone_from(&arguments.app_key);
    organisation.app.robot_code.clone_from(&arguments.robot_code);
    organisation.app.nick.clone_from(&arguments.robot_name);
    let mut builder = Simulator::builder().organisation(organisation);
    if let Some(url) = &arguments.public_url {
        builder = builder.public_url(url);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let dingtalk = arguments.talk.start(builder).await?;
        dingtalk.connect(robot);
        if !arguments.talk.is_one_line() {
            let origin = dingtalk.origin();
            let mut out = io::stdout();
            writeln!(out, "Robot: {}  (callbacks go there)", arguments.robot)?;
            writeln!(
                out,
                "OpenAPI: {origin}  (appKey {}, robotCode {})",
                arguments.app_key, arguments.robot_code
            )?;
            writeln!(out, "Custom robot: {origin}/robot/send?access_token={TOKEN}  (secret {TOKEN_SECRET})")?;
            if dingtalk.address().ip().is_unspecified() && arguments.public_url.is_none() {
                eprintln!(
                    "simulator: {origin} is no address for a robot: say by --public-url how it reaches this"
                );
            }
        }
        Ok(arguments.talk.run(&dingtalk).await)
    })
}
