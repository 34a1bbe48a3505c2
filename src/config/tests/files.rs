//! `${file:…}` in a string.

use super::*;

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("dingops-{}-{name}", std::process::id()));
        std::fs::create_dir_all(folder.join("certs")).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    /// What becomes of a string in a dingops.toml in this folder.
    fn read(&self, text: &str) -> Result<String, String> {
        self.read_toml(&format!("[people]\na = '{text}'")).map(|settings| settings.people["a"].clone())
    }

    fn read_toml(&self, toml: &str) -> Result<Settings, String> {
        let file = SettingsFile::Path(self.0.join(FILE));
        Settings::parse(toml, file, &env).map_err(|mistake| mistake.to_string())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_string_holds_what_a_file_holds() {
    let folder = Folder::new("holds");
    folder.write("plain", "0147");
    folder.write("unix", "0147\n");
    folder.write("windows", "0147\r\n");
    folder.write("two", "0147\n\n");
    folder.write("tricks", "${HOST} ${file:plain} $${x}");
    folder.write("certs/ca.pem", "钉\n钉\n");
    folder.write("with space", "1");
    for (text, expected) in [
        ("${file:plain}", "0147"),
        ("${file:unix}", "0147"),
        ("${file:windows}", "0147"),
        ("x${file:two}y", "x0147\ny"),
        ("${file:tricks}", "${HOST} ${file:plain} $${x}"),
        ("${file:certs/ca.pem}", "钉\n钉"),
        ("${file:./certs/../plain}", "0147"),
        ("${file:with space}", "1"),
        ("${file:plain}${HOST}${file:plain}", "0147oapi.example.com0147"),
        ("$${file:plain}", "${file:plain}"),
    ] {
        assert_eq!(folder.read(text).as_deref(), Ok(expected), "{text}");
    }
    // Where the settings lie in no folder the whole path must be there.
    let path = folder.0.join("plain");
    assert_eq!(folder.read(&format!("${{file:{}}}", path.display())).as_deref(), Ok("0147"));
    let settings = parse(&format!("[people]\na = '${{file:{}}}'", path.display())).unwrap();
    assert_eq!(settings.people["a"], "0147");
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_key_and_line() {
    let folder = Folder::new("wrong");
    folder.write("gbk", [0xB6, 0xA4]);
    folder.write("most", vec![b'x'; 1024 * 1024]);
    folder.write("more", vec![b'x'; 1024 * 1024 + 1]);
    assert_eq!(folder.read("${file:most}").map(|text| text.len()), Ok(1024 * 1024));
    let usable = "to be a file in UTF-8 of at most 1 MiB, came";
    for (text, mistake) in [
        ("${file:gbk}", format!("expected \"gbk\" {usable} another encoding")),
        ("${file:more}", format!("expected \"more\" {usable} a larger one")),
        ("${file:certs}", format!("expected \"certs\" {usable} a folder or a device")),
        ("${file:/dev/zero}", format!("expected \"/dev/zero\" {usable} a folder or a device")),
        ("${file:none}", format!("expected \"none\" {usable} none (No such file or directory (os error 2))")),
        ("${file:}", "expected a path behind file:, came none".to_owned()),
        ("${file:plain", "expected } after ${, came the end of the text".to_owned()),
    ] {
        assert_eq!(folder.read(text), Err(format!("2:5: people.a: {mistake}")), "{text}");
    }
    assert_eq!(
        parse("[people]\n\na = '${file:ca.pem}'").unwrap_err(),
        "3:5: people.a: expected an absolute path behind file:, since settings that are built in lie in no folder, came \"ca.pem\""
    );
}

#[test]
fn a_mistake_shows_nothing_of_a_file() {
    let folder = Folder::new("secret");
    folder.write("secret", "SECsecret, expected `x`");
    folder.write("bytes", b"SECsecret\xff");
    for toml in [
        "version = '${file:secret}'",
        "timezone = '${file:secret}'",
        "locale = '${file:secret}'",
        "[dingtalk]\nmax_skew = '${file:secret}'",
        "[robots.x]\ntoken = '${file:secret}'",
        "[robots.x]\ntoken = '${file:bytes}'",
        "[[answer]]\nname = '${file:secret}'\nmarkdown = 'x'\n[[answer]]\nname = '\"${file:secret}'\nmarkdown = 'x'",
        "[[allow]]\nwho = ['${file:secret}']\neffect = 'read'",
        "[teams]\nx = ['${file:secret}']",
    ] {
        let mistake = folder.read_toml(toml).unwrap_err();
        assert!(!mistake.contains("SECsecret"), "{mistake}");
    }
}
