//! The two programs, on free ports, with storage that is gone with them.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// What Prometheus asks for, and bcrypt makes of it.
pub const USER: &str = "admin";
pub const PASSWORD: &str = "test";
const HASHED: &str = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay";

/// Both, for as long as a test runs.
pub struct Peers {
    pub prometheus: Peer,
    pub alertmanager: Peer,
    /// Dropped behind those who write to it.
    _folder: Folder,
}

struct Folder(PathBuf);

/// One of them.
pub struct Peer {
    /// Its address, with a prefix.
    pub url: String,
    process: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Peers {
    /// Starts both. Prometheus has an alert that fires at once and one that waits, and a target that nobody listens at.
    pub fn start() -> Self {
        let name = format!("monitoring-{}", std::process::id());
        let folder = Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        fs::create_dir_all(&folder.0).expect("a folder");
        let (prometheus, alertmanager) = (free_port(), free_port());
        let write = |name: &str, text: String| {
            let path = folder.0.join(name);
            fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let config = write(
            "prometheus.yml",
            format!(
                "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - path_prefix: /am
      static_configs: [{{ targets: ['127.0.0.1:{alertmanager}'] }}]
scrape_configs:
  - job_name: self
    metrics_path: /prom/metrics
    basic_auth: {{ username: {USER}, password: {PASSWORD} }}
    static_configs: [{{ targets: ['127.0.0.1:{prometheus}', '127.0.0.1:1'] }}]
"
            ),
        );
        let rules = "
groups:
  - name: test
    rules:
      - alert: Always
        expr: vector(1)
        labels: { severity: warning, pod: web-1, instance: '10.0.0.1:80' }
        annotations: { summary: 'Always <on>' }
      - alert: Soon
        expr: vector(2)
        for: 1h
";
        write("rules.yml", rules.to_owned());
        let web = write("web.yml", format!("basic_auth_users: {{ {USER}: '{HASHED}' }}\n"));
        let routes = write("am.yml", "route: { receiver: none }\nreceivers: [{ name: none }]\n".to_owned());
        let data = |name: &str| folder.0.join(name).display().to_string();
        let url = |port: u16, prefix: &str| format!("http://127.0.0.1:{port}/{prefix}");
        let alertmanager = Peer::start(
            &["prometheus-alertmanager", "alertmanager"],
            url(alertmanager, "am"),
            &[
                format!("--config.file={routes}"),
                format!("--storage.path={}", data("alerts")),
                format!("--web.listen-address=127.0.0.1:{alertmanager}"),
                format!("--web.external-url={}", url(alertmanager, "am")),
                "--cluster.listen-address=".to_owned(),
            ],
        );
        let prometheus = Peer::start(
            &["prometheus"],
            url(prometheus, "prom"),
            &[
                format!("--config.file={config}"),
                format!("--web.config.file={web}"),
                format!("--storage.tsdb.path={}", data("series")),
                format!("--web.listen-address=127.0.0.1:{prometheus}"),
                format!("--web.external-url={}", url(prometheus, "prom")),
                // The first time Alertmanager may not listen yet.
                "--rules.alert.resend-delay=1s".to_owned(),
            ],
        );
        Self { prometheus, alertmanager, _folder: folder }
    }
}

impl Peer {
    /// Starts the first of these programs that is there.
    fn start(programs: &[&str], url: String, arguments: &[String]) -> Self {
        let start = |program: &&str| {
            Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
        };
        let process = programs.iter().find_map(start);
        Self { url, process: process.unwrap_or_else(|| panic!("{programs:?}: none is on the PATH")) }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
