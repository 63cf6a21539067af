use super::*;

#[test]
fn public_url_is_kept_byte_for_byte() {
    for text in
        ["https://a.example/mcp", "https://a.example", "https://a.example/", "https://A.example:443/mcp"]
    {
        assert_eq!(text.parse::<PublicUrl>().unwrap().as_str(), text);
    }
}

#[test]
fn c03_identifier_with_query_fragment_or_user_is_refused() {
    for (bad, why) in [
        ("https://a.example/#f", "fragment"),
        ("https://a.example#", "fragment"),
        ("https://a.example/?q=1", "query"),
        ("https://a.example?", "query"),
        ("https://user:pw@a.example/", "user name"),
        ("https://@a.example/", "user name"),
        ("ftp://user:pw@a.example/", "user name"),
        ("ftp://a.example/", "https://"),
        ("https:a.example", "https://"),
        ("a.example/mcp", "absolute URL"),
        ("/mcp", "absolute URL"),
        ("", "absolute URL"),
        (" https://a.example/", "printable ASCII"),
        ("https://a.example/\"", "printable ASCII"),
        ("https://é.example/", "printable ASCII"),
    ] {
        let error = bad.parse::<IssuerUrl>().unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
        assert!(!error.contains("pw"), "{error}");
    }
}

#[test]
fn origin_is_written_as_browsers_send_it() {
    assert!("https://app.example".parse::<WebOrigin>().is_ok());
    assert!("http://localhost:6274".parse::<WebOrigin>().is_ok());
    for bad in [
        "https://app.example/",
        "https://APP.example",
        "https://app.example:443",
        "null",
        "*",
        "app.example",
        "https://*.example",
        "https://a!b.example",
    ] {
        assert!(bad.parse::<WebOrigin>().is_err(), "{bad}");
    }
}

#[test]
fn origins_of_programs_are_taken_as_they_send_them() {
    for program in [
        "tauri://localhost",
        "vscode-webview://1f2e3d4c-abcd-4123-9abc-0123456789ab",
        "vscode-webview://0b8q5gqk0n6v7d5n0g2h9k4g8h3m1c6f2j7l9p4r8s3t1u6v2w7x",
        "vscode-file://vscode-app",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://1f2e3d4c-abcd-4123-9abc-0123456789ab",
        "capacitor://localhost",
        "ionic://localhost",
        "app://obsidian.md",
        "app://-",
        "app://localhost:3000",
        "com.example.todos://app",
    ] {
        assert_eq!(program.parse::<WebOrigin>().unwrap().to_string(), program);
    }
    let safari = "safari-web-extension://1F2E3D4C-ABCD-4123-9ABC-0123456789AB";
    assert_eq!(safari.parse::<WebOrigin>().unwrap().to_string(), safari.to_lowercase());
}

#[test]
fn schemes_of_every_program_of_no_one_and_of_misspelt_sites_are_refused_each_with_its_reason() {
    for (bad, why) in [
        ("tauri://", "every program"),
        ("vscode-webview://", "every program"),
        ("vscode-webview://*", "every program"),
        ("chrome-extension://*", "every program"),
        ("tauri://localhost/", "without a path"),
        ("tauri://localhost?x", "without a path"),
        ("tauri://*.localhost", "without a path"),
        ("tauri://localhost:0", "without a path"),
        ("app://u@a", "without a path"),
        ("app://a b", "without a path"),
        ("1app://a", "without a path"),
        ("://a", "without a path"),
        ("TAURI://localhost", "\"tauri://localhost\""),
        ("htps://app.example", "did you mean \"https://app.example\"?"),
        ("httpss://app.example", "did you mean \"https://app.example\"?"),
        ("tauri:localhost", "https://"),
        ("file://", "https://"),
        ("file://localhost", "https://"),
        ("FILE://localhost", "https://"),
        ("ftp://a.example", "https://"),
        ("ws://a.example", "https://"),
        ("data://a", "https://"),
        ("blob://a", "https://"),
        ("about://blank", "https://"),
    ] {
        let error = bad.parse::<WebOrigin>().unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn public_url_has_a_host_that_a_request_can_name() {
    for (bad, why) in [
        ("https://a.example/mcp?x", "no query"),
        ("https://*.example/mcp", "no wildcard"),
        ("https://a!b.example/mcp", "a host holds letters"),
        ("https:///mcp", "an absolute URL"),
    ] {
        let error = bad.parse::<PublicUrl>().unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn host_is_a_name_or_an_address_for_every_port_or_for_one() {
    for ok in ["example.com", "127.0.0.1", "[::1]", "localhost", "example.com:80", "[::1]:8443", "a_b:65535"]
    {
        assert_eq!(ok.parse::<HostName>().unwrap().to_string(), ok);
    }
    for (bad, why) in [
        ("EXAMPLE.com:80", "write it \"example.com:80\""),
        ("127.1", "write it \"127.0.0.1\""),
        ("[0:0::1]:80", "write it \"[::1]:80\""),
        ("*.example.com", "no wildcard"),
        ("a!b", "no wildcard"),
        ("", "a host, or a host and a port"),
        (":80", "a host, or a host and a port"),
        ("example.com:", "a host, or a host and a port"),
        ("example.com:0", "a host, or a host and a port"),
        ("example.com:080", "a host, or a host and a port"),
        ("example.com:+80", "a host, or a host and a port"),
        ("example.com:65536", "a host, or a host and a port"),
        ("a:b:80", "a host, or a host and a port"),
        ("::1", "a host, or a host and a port"),
        ("[::1]80", "a host, or a host and a port"),
        ("a b", "a host, or a host and a port"),
        ("http://a", "a host, or a host and a port"),
    ] {
        let error = bad.parse::<HostName>().unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn plain_http_is_for_hosts_that_the_internet_cannot_have() {
    for ok in ["keycloak", "idp.internal", "idp.auth.svc", "10.0.0.7", "[fd00::1]"] {
        assert_eq!(ok.parse::<PrivateHost>().unwrap().to_string(), ok);
    }
    for (bad, why) in [
        ("login.example.com", "everyone on the way"),
        ("keycloak.", "everyone on the way"),
        ("8.8.8.8", "everyone on the way"),
        ("169.254.169.254", "everyone on the way"),
        ("[fe80::1]", "everyone on the way"),
        ("0.0.0.0", "everyone on the way"),
        ("localhost", "needs no permission"),
        ("127.0.0.1", "needs no permission"),
        ("keycloak:8080", "write \"keycloak\""),
        ("KEYCLOAK", "write it \"keycloak\""),
        ("http://keycloak", "a host"),
        ("*", "no wildcard"),
        ("*.internal", "no wildcard"),
        ("true", ""),
        ("", "a host"),
    ] {
        match bad.parse::<PrivateHost>() {
            Err(error) => assert!(error.to_string().contains(why), "{bad}: {error}"),
            Ok(_) => assert_eq!(bad, "true", "a name like any other, which no issuer has"),
        }
    }
}

#[test]
fn listen_is_an_address_not_a_name() {
    assert!("127.0.0.1:0".parse::<Listen>().unwrap().is_loopback());
    assert!("[::ffff:127.0.0.1]:0".parse::<Listen>().unwrap().is_loopback());
    assert!(!"0.0.0.0:80".parse::<Listen>().unwrap().is_loopback());
    for bad in ["localhost:80", "80", ":80", "127.0.0.1", "127.0.0.1:70000"] {
        assert!(bad.parse::<Listen>().is_err(), "{bad}");
    }
}
