//! A chromium that shows the page, driven by WebDriver, and the simulator behind it.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    panic::{AssertUnwindSafe, resume_unwind},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, key::Key};
use futures_util::FutureExt;
use serde_json::{Value, json};
use simulator::Simulator;

use crate::robot;

/// What a slow machine may need; nothing takes this long.
const PATIENCE: Duration = Duration::from_secs(15);

/// What somebody looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub name: &'static str,
    width: u32,
    height: u32,
    is_phone: bool,
    language: &'static str,
}

pub const DESKTOP: Screen =
    Screen { name: "desktop", width: 1280, height: 800, is_phone: false, language: "zh-CN" };
pub const PHONE: Screen =
    Screen { name: "phone", width: 390, height: 844, is_phone: true, language: "zh-CN" };
pub const BOTH: [Screen; 2] = [DESKTOP, PHONE];

impl Screen {
    pub fn english(self) -> Self {
        Self { language: "en-US", ..self }
    }

    fn capabilities(self) -> serde_json::Map<String, Value> {
        let Self { width, height, is_phone, language, .. } = self;
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--disable-background-networking", "--no-first-run", format!("--lang={language}")],
            "prefs": { "intl.accept_languages": language },
            // The only way to a page as narrow as a phone's: a window has a smallest width.
            "mobileEmulation": { "deviceMetrics": {
                "width": width, "height": height, "pixelRatio": 1, "touch": is_phone, "mobile": is_phone,
            } },
        });
        let capabilities = json!({ "goog:chromeOptions": options, "unhandledPromptBehavior": "ignore" });
        capabilities.as_object().cloned().unwrap_or_default()
    }
}

/// chromedriver, until it is dropped.
struct Driver {
    process: Child,
    /// Kept open: it may have more to say.
    _output: BufReader<ChildStdout>,
    address: String,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver in the PATH (Debian: apt-get install chromium-driver)");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let port = output.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver says its port");
        Self { process, _output: output, address: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The page in a browser, and what is behind it.
pub struct Page {
    pub client: Client,
    pub simulator: Simulator,
    pub screen: Screen,
    /// The callbacks that the robot got.
    heard: Arc<Mutex<Vec<Value>>>,
}

/// Opens the page on each of these screens and tests it there; the browser is closed also if that panics.
pub async fn on(screens: &[Screen], test: impl AsyncFn(&Page)) {
    let driver = Driver::start();
    for &screen in screens {
        let simulator = Simulator::builder().unattended().start().await.expect("a simulator");
        let heard = Arc::default();
        simulator.connect(robot::robot(Arc::clone(&heard)));
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let mut builder = ClientBuilder::new(connector);
        builder.capabilities(screen.capabilities());
        let client = builder.connect(&driver.address).await.expect("a browser");
        let page = Page { client: client.clone(), simulator, screen, heard };
        page.goto("").await;
        let result = AssertUnwindSafe(test(&page)).catch_unwind().await;
        if result.is_err() {
            page.screenshot("failed").await;
        }
        let closed = client.close().await;
        if let Err(panic) = result {
            resume_unwind(panic);
        }
        closed.expect("the browser closes");
    }
}

impl Page {
    /// Opens the page at a place, `#group/ops`, as somebody would who comes back to it.
    pub async fn goto(&self, place: &str) {
        let address = format!("{}/{place}", self.simulator.origin());
        // Another fragment alone would not load it again.
        self.client.goto("about:blank").await.expect("a blank page");
        self.client.goto(&address).await.expect("the page");
        self.until("document.querySelector('.conversation')").await;
    }

    /// Opens a conversation from the list.
    pub async fn open(&self, place: &str) {
        if self.is("document.querySelector('.app').dataset.view === 'chat'").await && self.screen.is_phone {
            self.click(".chat-head .back").await;
        }
        self.click(&format!("[data-place=\"{place}\"]")).await;
        self.until("document.querySelector('#text').offsetParent").await;
    }

    pub async fn find(&self, selector: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        found.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        element.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// The text of the last of these, as it is rendered.
    pub async fn text(&self, selector: &str) -> String {
        let script = "return [...document.querySelectorAll(arguments[0])].at(-1)?.innerText ?? ''";
        let text = self.client.execute(script, vec![json!(selector)]).await.expect("a script");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// What an expression is in the page.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let value = self.client.execute(&format!("return {expression}"), Vec::new()).await;
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    pub async fn is(&self, expression: &str) -> bool {
        self.evaluate(&format!("Boolean({expression})")).await == json!(true)
    }

    /// Waits until an expression is true in the page; the browser itself looks, frame by frame.
    pub async fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0], end = performance.now() + {};
             (function look() {{
                 if ({expression}) done(true);
                 else if (performance.now() > end) done(false);
                 else setTimeout(look, 10);
             }})()",
            PATIENCE.as_millis()
        );
        let done = self.client.execute_async(&script, Vec::new()).await;
        let done = done.unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert_eq!(done, json!(true), "expected {expression}");
    }

    /// Writes where one writes.
    pub async fn write(&self, text: &str) {
        self.find("#text").await.send_keys(text).await.expect("keys");
    }

    pub async fn press(&self, key: Key) {
        self.write(&char::from(key).to_string()).await;
    }

    /// Says something, and waits for so many more messages, one's own included.
    pub async fn say(&self, text: &str, more: u64) {
        let before = self.count(".message").await;
        self.write(text).await;
        self.press(Key::Enter).await;
        self.until(&format!("document.querySelectorAll('.message').length >= {}", before + more)).await;
    }

    pub async fn count(&self, selector: &str) -> u64 {
        let count = self.client.find_all(Locator::Css(selector)).await.expect("elements");
        count.len() as u64
    }

    /// What the robot has heard: the texts, as they came.
    pub fn heard(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().map(|callback| robot::text(callback).to_owned()).collect()
    }

    /// The last callback that the robot got.
    pub fn last_callback(&self) -> Value {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.last().cloned().expect("a callback")
    }

    /// Waits for sheets that are on their way.
    pub async fn settle(&self) {
        let still =
            "document.getAnimations().every((each) => each.effect.getTiming().iterations === Infinity)";
        self.until(still).await;
    }

    /// Keeps what is seen, to be looked at: below the target directory.
    pub async fn screenshot(&self, name: &str) {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        fs::create_dir_all(&directory).expect("a directory");
        self.settle().await;
        let png = self.client.screenshot().await.expect("a screenshot");
        let file = directory.join(format!("{name}-{}.png", self.screen.name));
        fs::write(file, png).expect("a file");
    }
}
