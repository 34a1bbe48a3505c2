use proptest::prelude::*;

use super::*;

mod properties;

/// What is hidden: a text, and what is shown of it. All of it is made up.
const HIDDEN_IN: &[(&str, &str)] = &[
    // Names and values.
    ("DB_PASSWORD=hunter2", "DB_PASSWORD=***"),
    ("export DB_PASSWORD_PROD='hunter 2' # ok", "export DB_PASSWORD_PROD='***' # ok"),
    ("password: hunter2", "password: ***"),
    ("password : 12345", "password : ***"),
    (r#"{"password":"hunter\"2","host":"db"}"#, r#"{"password":"***","host":"db"}"#),
    (r#"{"apiKey" : "k3y" , "n": 1}"#, r#"{"apiKey" : "***" , "n": 1}"#),
    ("{'client_secret': 'x y', 'user': 'bob'}", "{'client_secret': '***', 'user': 'bob'}"),
    ("'password' => 'hunter2',", "'password' => '***',"),
    ("token => abc", "token => ***"),
    ("secretKey := abc", "secretKey := ***"),
    ("TOKEN ?= abc", "TOKEN ?= ***"),
    ("config[\"password\"] = \"x1\"", "config[\"password\"] = \"***\""),
    ("spring.datasource.password=ab,cd", "spring.datasource.password=***"),
    ("Server=db;Password=a;b$c;Database=app", "Server=db;Password=***;Database=app"),
    ("User{name=bob, password=hunter2}, next", "User{name=bob, password=***}, next"),
    ("map[password:hunter2 user:bob]", "map[password:*** user:bob]"),
    ("(token=abc).", "(token=***)."),
    ("secrets=[a, b] done", "secrets=[***] done"),
    ("password=it'sme", "password=***"),
    ("mysql --password hunter2 -h db", "mysql --password *** -h db"),
    ("mysql --password=hunter2 -h db", "mysql --password=*** -h db"),
    ("keytool -storepass changeit -v", "keytool -storepass *** -v"),
    (r#"args: ["--api-token", "abc", "-v"]"#, r#"args: ["--api-token", "***", "-v"]"#),
    (
        "kubectl create secret generic db --from-literal=password=abc",
        "kubectl create secret generic db --from-literal=password=***",
    ),
    ("<password>hunter2</password><user>bob</user>", "<password>***</password><user>bob</user>"),
    ("accessKeySecret: abc", "accessKeySecret: ***"),
    ("access_key = abc", "access_key = ***"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = ***"),
    ("api-key: abc", "api-key: ***"),
    ("X-Api-Key: abc", "X-Api-Key: ***"),
    ("db_pass=abc", "db_pass=***"),
    ("PASSWD=abc PWD=hunter2", "PASSWD=*** PWD=***"),
    ("credentials_json=abc", "credentials_json=***"),
    ("token=\u{1b}[31mabc\u{1b}[0m", "token=\u{1b}[31m***\u{1b}[0m"),
    ("log=\"login password=abc\\\" ok\"", "log=\"login password=***\\\" ok\""),
    (r#"{"log":"{\"password\":\"a\\\"b\",\"n\":1}"}"#, r#"{"log":"{\"password\":\"***\",\"n\":1}"}"#),
    ("数据库密码：hunter2，请修改", "数据库密码：***，请修改"),
    ("口令: 中文abc。", "口令: ***。"),
    ("\"令牌\"：\"abc\"", "\"令牌\"：\"***\""),
    ("密码=abc", "密码=***"),
    ("密码为：abc", "密码为：***"),
    ("初始密码是 abc，请修改", "初始密码是 ***，请修改"),
    ("password:\u{3000}abc token:\u{a0}abc", "password:\u{3000}*** token:\u{a0}***"),
    ("the password is hunter2.", "the password is ***."),
    ("generated password is: abc", "generated password is: ***"),
    ("AccountName=a;AccountKey=abc==;EndpointSuffix=b", "AccountName=a;AccountKey=***;EndpointSuffix=b"),
    ("PASS=abc", "PASS=***"),
    ("/;JSESSIONID=0F1E.n1 PHPSESSID=abc", "/;JSESSIONID=*** PHPSESSID=***"),
    ("    client-key-data: LS0t", "    client-key-data: ***"),
    (r#""auths": {"r.b": {"auth": "Ym9i"}}"#, r#""auths": {"r.b": {"auth": "***"}}"#),
    ("//r.b/:_auth=Ym9i", "//r.b/:_auth=***"),
    ("DB_PASSWORD='abc'def x", "DB_PASSWORD=*** x"),
    // Names elsewhere.
    (
        "- name: DB_PASSWORD\n  value: abc\n- name: A\n  value: b",
        "- name: DB_PASSWORD\n  value: ***\n- name: A\n  value: b",
    ),
    (r#"[{"name":"DB_PASSWORD","value":"abc"}]"#, r#"[{"name":"DB_PASSWORD","value":"***"}]"#),
    (r#"<property name="password" value="abc"/>"#, r#"<property name="password" value="***"/>"#),
    (r#"<password encrypted="false">abc</password>"#, r#"<password encrypted="false">***</password>"#),
    ("  password: |-\n    abc\n\n    def\n  user: bob", "  password: |-\n    ***\n  user: bob"),
    ("passwords:\n  - abc\n  - def\nusers:\n  - bob", "passwords:\n  - ***\nusers:\n  - bob"),
    ("Step 3/7 : ENV DB_PASSWORD abc", "Step 3/7 : ENV DB_PASSWORD ***"),
    ("CREATE USER a IDENTIFIED BY 'abc';", "CREATE USER a IDENTIFIED BY '***';"),
    ("identified with mysql_native_password by 'abc'", "identified with mysql_native_password by '***'"),
    ("CREATE ROLE a WITH PASSWORD 'abc' LOGIN", "CREATE ROLE a WITH PASSWORD '***' LOGIN"),
    (
        "Please use the following password to proceed to installation:\n\n0f1e2d3c4b5a\n\nThis may",
        "Please use the following password to proceed to installation:\n\n***\n\nThis may",
    ),
    // Tools.
    ("+ mysql -uroot -p'a b' app", "+ mysql -uroot -p'***' app"),
    (
        "+ mysqldump -h db -pabc app | sshpass -pabc ssh -p 22 a",
        "+ mysqldump -h db -p*** app | sshpass -p*** ssh -p 22 a",
    ),
    ("+ docker login -u ci -p abc r.b", "+ docker login -u ci -p *** r.b"),
    ("+ curl -s -u admin:abc https://a.b", "+ curl -s -u admin:*** https://a.b"),
    ("+ curl --user 'admin:a b' https://a.b", "+ curl --user 'admin:***' https://a.b"),
    ("+ sshpass -p abc ssh -p 22 a.b", "+ sshpass -p *** ssh -p 22 a.b"),
    ("+ redis-cli -h a -a abc ping", "+ redis-cli -h a -a *** ping"),
    // Headers.
    ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
    ("{Authorization: Basic abc, Host: db}", "{Authorization: Basic ***, Host: db}"),
    ("authorization: AWS4-HMAC-SHA256 Credential=x, Signature=y\nHost: a", "authorization: ***\nHost: a"),
    ("curl -H 'Cookie: a=b; c=\"d\"' https://a.b", "curl -H 'Cookie: ***' https://a.b"),
    ("Set-Cookie: sid=abc; Path=/; HttpOnly\r\nHost: a", "Set-Cookie: ***\r\nHost: a"),
    ("map[Cookie:[a=b; c=d] Host:[x]]", "map[Cookie:[***] Host:[x]]"),
    (r#""Authorization":["Bearer abc"]"#, r#""Authorization":[***]"#),
    ("PRIVATE-TOKEN: abc", "PRIVATE-TOKEN: ***"),
    ("sent bearer a1b2c3", "sent bearer ***"),
    ("sent Basic Ym9iOmh1bnRlcjI= to", "sent Basic ***= to"),
    // Addresses.
    ("redis://:hunter2@db:6379/0", "redis://:***@db:6379/0"),
    ("git clone https://bob:hunter2@git.b/x.git", "git clone https://bob:***@git.b/x.git"),
    ("amqp://bob:p@ss@a:1,b:2/v", "amqp://bob:***@a:1,b:2/v"),
    ("amqp://bob:pass/w#rd@a:1/v", "amqp://bob:***@a:1/v"),
    ("https://0f1e2d3c4b5a69788796@git.b/x.git", "https://***@git.b/x.git"),
    (r#""url":"mysql:\/\/bob:hunter2@db\/app""#, r#""url":"mysql:\/\/bob:***@db\/app""#),
    (
        "https://ghp_0123456789abcdefghijABCDEFGHIJ012345:x-oauth-basic@github.com/a",
        "https://ghp_***:***@github.com/a",
    ),
    (
        "https://oapi.dingtalk.com/robot/send?access_token=0f1e&timestamp=1&sign=a%2Fb%3D",
        "https://oapi.dingtalk.com/robot/send?access_token=***&timestamp=1&sign=***",
    ),
    ("(https://a.b/send?key=693a91f6-7a0c-4e2b)", "(https://a.b/send?key=***)"),
    (r"https://a.b/?x=1\u0026sign=abc\u0026y=2", r"https://a.b/?x=1\u0026sign=***\u0026y=2"),
    (
        "https://b.s3/k?X-Amz-Signature=ab&X-Amz-Expires=9#a",
        "https://b.s3/k?X-Amz-Signature=***&X-Amz-Expires=9#a",
    ),
    ("https://hooks.slack.com/services/T0/B0/abcdefghijklmnopqrst", "https://hooks.slack.com/services/***"),
    // Tokens.
    ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", "got eyJ***."),
    ("cut eyJhbGciOiJIUzI1NiJ9.eyJzdWI", "cut eyJ***"),
    ("AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE", "AKIA***, ASIA***"),
    ("ak LTAI5tExampleExample00ab", "ak LTAI***"),
    ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "AKID***"),
    ("github_pat_11AAAAAAA0abcdefghijkl_0123456789", "github_pat_***"),
    ("\\nghs_0123456789abcdefghijABCDEFGHIJ012345\\n", "\\nghs_***\\n"),
    ("\u{1b}[1;32mglpat-abcdefghij0123456789\u{1b}[0m", "\u{1b}[1;32mglpat-***\u{1b}[0m"),
    ("glrt-abcdefghij0123456789 gldt-abcdefghij0123456789", "glrt-*** gldt-***"),
    ("xoxb-123456789012-abcdef", "xoxb-***"),
    ("AIzaSyA0123456789abcdefghijklmnopqrstuv", "AIza***"),
    ("//r.b/:x npm_0123456789abcdefghijABCDEFGHIJ012345", "//r.b/:x npm_***"),
    ("sk_live_0123456789abcdef", "sk_live_***"),
    ("sk-0123456789abcdef0123456789abcdef", "sk-***"),
    ("SEC0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "SEC***"),
    ("bob:110123456789abcdef0123456789abcdef", "bob:11***"),
    ("tls: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=", "tls: LS0tLS1CRUdJTiBSU0EgUFJJ***="),
    // Persons.
    ("电话13812345678。", "电话***。"),
    ("+86 138-1234-5678, 8613912345678, 008615012345678", "+86 ***, 86***, 0086***"),
    ("138 1234 5678", "***"),
    ("mobile=19912345678&x", "mobile=***&x"),
    ("身份证 11010519491231002X,", "身份证 ***,"),
];

/// What stays as it is.
const SHOWN_IN: &[&str] = &[
    "",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "md5 d41d8cd98f00b204e9800998ecf8427e",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "2024-05-01T13:14:15.138123456Z 1714540800 1714540800123 13:59:59",
    "snowflake 1381234567890123456, order 20240501138123456789",
    "hex 13812345678abc, abc13812345678, 0.13812345678, 12812345678",
    "order 110105194912310021, 110105194913310020, 991231194912310020, 110105491231002",
    "password: ",
    "password:\nnext: line",
    "password=\"\" token=''",
    "password: *** ******",
    "passwords match, the token count: 5, no secret here",
    "Enter password for bob",
    "secret/web-tls created",
    "deployment.apps/token-service: ready",
    "image: registry.b/token:1.2",
    "SecretName:  web-tls",
    "credentialsId: 'git'",
    "password_file=/run/secrets/db",
    "tokenExpiresIn: 3600, token_type=x, token-ttl: 5m",
    "docker login --password-stdin registry.b",
    "at com.b.TokenFilter.doFilter(TokenFilter.java:52)",
    "c.b.auth.TokenService : started",
    "TokenExpiredException: it expired",
    "Token::new, tokenizer: bpe",
    "PWD=/var/jenkins OLDPWD=/var",
    "DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
    "password:  16 bytes",
    "token: null, secret=false",
    "secret: {}",
    "PASSWORD= USER=bob",
    "the bearer token is missing, basic authentication failed, Basic Information, Bearer realm=\"x\"",
    "http://a.b:8080/path/@scope/pkg git@github.com:a/b.git https://bob@a.b/ http://[::1]:80/",
    "https://a.b/?page=1&size=2&signal=no",
    "eyJhbGciOi is no token, nor is eyJhbGciOiJI.x",
    "AKIA, ghp_short, sk-web-7d9f8b6c5d-abcde, npm_config_registry, XAKIAIOSFODNN7EXAMPLE",
    "tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "password is required, the token is expired, 密码是否正确, 密码为空",
    "--- PASS: TestA, PASS: 3, author: bob, auth: ok",
    "- name: DB_USER\n  value: bob\n- name: PASSWORD\n  valueFrom: x",
    "secrets:\n- name: default-token\n  kind: x",
    "password:\n  name: x",
    "mysql -P 3306 -p -u root; mkdir -p a; docker run -p 80:80 a; curl --user-agent a:b https://a.b",
    "the password was reset:\n\nBuild finished 12",
    "load average: 138 12345678, 10.138.123.45678",
    "部署成功，共 3 个实例",
];

#[test]
fn a_secret_is_hidden() {
    for (text, shown) in HIDDEN_IN {
        assert_eq!(redacted(text), *shown, "of {text}");
    }
}

#[test]
fn what_is_no_secret_stays() {
    for text in SHOWN_IN {
        assert!(matches!(redacted(text), Cow::Borrowed(same) if same == *text), "{}", redacted(text));
    }
}

/// A line of a key.
const LINE: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7exampleexamp";

#[test]
fn a_private_key_is_hidden_whole_or_cut() {
    const BEGIN: &str = "-----BEGIN RSA PRIVATE KEY-----";
    const END: &str = "-----END RSA PRIVATE KEY-----";
    let hidden = format!("{BEGIN}***{END}");
    for (text, shown) in [
        (format!("a\n{BEGIN}\n{LINE}\nshort=\n{END}\nb"), format!("a\n{hidden}\nb")),
        (format!("1 {BEGIN}\n2 {LINE}\n3 short=\n4 {END}\n5"), format!("1 {hidden}\n5")),
        (format!("key=\"{BEGIN}\\n{LINE}\\nx==\\n{END}\\n\", n=1"), format!("key=\"{hidden}\\n\", n=1")),
        (
            format!(r#"{{"private_key": "{BEGIN}\nabc\n{END}\n"}}"#),
            format!(r#"{{"private_key": "{hidden}\n"}}"#),
        ),
        // Cut at its end.
        (format!("{BEGIN}\nProc-Type: 4,ENCRYPTED\n\n{LINE}\n{LINE}\nMII"), format!("{BEGIN}***")),
        (format!("{BEGIN}\n{LINE}\nx==\nBuild finished"), format!("{BEGIN}***\nBuild finished")),
        (format!("7 {BEGIN}\n8 {LINE}\n9 {LINE}\nit is done."), format!("7 {BEGIN}***\nit is done.")),
        (format!("{BEGIN}\n{LINE}\n{hidden}"), format!("{BEGIN}***\n{hidden}")),
        // Cut at its beginning.
        (format!("xample\n{LINE}\nshort\n{END}\nb"), format!("***{END}\nb")),
        (format!("it began.\n1 {LINE}\n2 {LINE}\n3 x==\n4 {END}"), format!("it began.\n1 ***{END}")),
        (format!("log: it\\n{LINE}\\n{END}"), format!("log: it\\n***{END}")),
    ] {
        assert_eq!(redacted(&text), shown, "of {text}");
        assert_eq!(redacted(&shown), shown, "once more");
    }
    for text in [
        format!("expected {BEGIN} in tls.key\nBuild finished"),
        format!("{BEGIN}\n{END}"),
        format!("no.\n{END}"),
    ] {
        assert_eq!(redacted(&text), text);
    }
}

/// Each would take minutes if what was read were read again.
#[test]
#[expect(clippy::disallowed_methods, reason = "the time that it really takes")]
fn a_text_takes_time_in_proportion_to_its_length() {
    for piece in [
        "密码是密",
        "password is ",
        "is",
        "password:\n",
        "password: |\n",
        "'",
        "\\'",
        " curl -u ",
        "name: password value=",
        "=",
        "<a b=\"c\">",
        "https://a",
        " mysql -p",
        "ENV ",
        ":\n\n",
        "是 ",
        "-p",
    ] {
        let began = std::time::Instant::now();
        let _ = redacted(&piece.repeat(400_000 / piece.len()));
        assert!(began.elapsed().as_secs() < 10, "{piece:?}: {:?}", began.elapsed());
    }
}

#[test]
fn what_is_hidden_stays_hidden() {
    for (_, shown) in HIDDEN_IN {
        assert_eq!(redacted(shown), *shown);
    }
}
