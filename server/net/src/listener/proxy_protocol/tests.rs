use super::{fuzzing::read, *};

fn binary(version_command: u8, family: u8, addresses: &[u8], extensions: &[u8]) -> Vec<u8> {
    let length = u16::try_from(addresses.len() + extensions.len()).expect("short");
    let mut header = SIGNATURE.to_vec();
    header.extend([version_command, family]);
    header.extend(length.to_be_bytes());
    header.extend(addresses);
    header.extend(extensions);
    header
}

fn v4() -> Vec<u8> {
    binary(0x21, 0x11, &[192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x67, 0, 80], &[])
}

fn v6(extensions: &[u8]) -> Vec<u8> {
    let mut addresses = "2001:db8::1".parse::<Ipv6Addr>().expect("an address").octets().to_vec();
    addresses.extend("2001:db8::2".parse::<Ipv6Addr>().expect("an address").octets());
    addresses.extend([0x12, 0x67, 0, 80]);
    binary(0x21, 0x21, &addresses, extensions)
}

const TEXTS: [&str; 4] = [
    "PROXY TCP4 192.0.2.1 198.51.100.2 4711 80\r\n",
    "PROXY TCP6 2001:db8::1 2001:db8::2 4711 80\r\n",
    "PROXY UNKNOWN\r\n",
    "PROXY UNKNOWN ffff:f:f ffff 65535 whatever\r\n",
];

fn good() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    all.extend([v4(), v6(&[]), v6(&[0x01, 0, 2, b'h', b'2']), v6(&vec![0xEE; 4000])]);
    all.push(binary(0x20, 0x00, &[], &[]));
    all.push(binary(0x20, 0x99, &[1; 50], &[]));
    all.push(binary(0x21, 0x00, &[], &[4; 20]));
    all.push(binary(0x21, 0x31, &[0; 216], &[]));
    all
}

/// Returns the address in a header, "-" if it is unknown, and "" if it is malformed.
fn address(bytes: &[u8]) -> String {
    match read(bytes, usize::MAX) {
        Some((Ok(Proxied::Client(addr)), taken)) => {
            assert_eq!(taken, bytes.len());
            addr.to_string()
        }
        Some((Ok(Proxied::Unknown), _)) => "-".to_owned(),
        Some((Err(()), _)) => String::new(),
        None => "incomplete".to_owned(),
    }
}

#[test]
fn both_versions_are_read() {
    let found: Vec<String> = good().iter().map(|header| address(header)).collect();
    let (a4, a6) = ("192.0.2.1:4711", "[2001:db8::1]:4711");
    assert_eq!(found, [a4, a6, "-", "-", a4, a6, a6, a6, "-", "-", "-", "-"]);
    let mapped = "PROXY TCP6 ::ffff:192.0.2.1 ::1 4711 80\r\n";
    assert_eq!(address(mapped.as_bytes()), a4);
}

#[test]
fn no_byte_after_a_header_is_taken() {
    for header in good() {
        let mut more = header.clone();
        more.extend(b"\x16\x03\x01 a ClientHello, or a request\r\n\r\n");
        for piece in [1, 2, 15, 16, usize::MAX] {
            let (read, taken) = read(&more, piece).expect("complete");
            assert!(read.is_ok() && taken == header.len(), "{taken} of {}", header.len());
        }
    }
}

#[test]
fn each_prefix_is_incomplete_and_no_more() {
    for header in good() {
        for len in 0..header.len() {
            assert_eq!(address(&header[..len]), "incomplete", "{len} of {header:?}");
        }
    }
}

#[test]
fn each_changed_byte_is_refused_or_another_header() {
    for header in good().into_iter().filter(|header| header.len() < 100) {
        for at in 0..header.len() {
            for change in 1..=255_u8 {
                let mut changed = header.clone();
                changed[at] ^= change;
                fuzzing::header(&changed);
                // What it begins with is not negotiable.
                let fixed = if header[0] == b'P' { PREFIX.len() } else { SIGNATURE.len() };
                if at < fixed {
                    assert_eq!(address(&changed), "", "{at}");
                }
            }
        }
    }
}

#[test]
fn what_the_protocol_does_not_allow_is_refused() {
    for text in [
        "GET / HTTP/1.1\r\n",
        "proxy TCP4 192.0.2.1 198.51.100.2 1 80\r\n",
        "PROXY TCP5 192.0.2.1 198.51.100.2 1 80\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 80 9\r\n",
        "PROXY TCP4  192.0.2.1 198.51.100.2 1 80\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 80 \r\n",
        "PROXY TCP4 192.0.2.256 198.51.100.2 1 80\r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.2 1 80\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 1 80\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.2 1 80\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 65536 80\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 01 80\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 +1 80\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 -1 80\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.2 1 x\r\n",
        "PROXY TCP4 192.0.2.1 localhost 1 80\r\n",
        "PROXY TCP6 fe80::1%eth0 2001:db8::2 1 80\r\n",
        "PROXY  \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\r\n",
    ] {
        assert_eq!(address(text.as_bytes()), "", "{text:?}");
    }
    let endless = format!("PROXY UNKNOWN {}", "x".repeat(200));
    assert_eq!(address(endless.as_bytes()), "");
    // A line break that is only half of one does not end it.
    assert_eq!(address(b"PROXY TCP4 192.0.2.1 198.51.100.2 1 80\n"), "incomplete");

    assert_eq!(address(&binary(0x11, 0x11, &[0; 12], &[])), "", "another version");
    assert_eq!(address(&binary(0x22, 0x11, &[0; 12], &[])), "", "another command");
    assert_eq!(address(&binary(0x21, 0x11, &[0; 11], &[])), "", "too short for its addresses");
    assert_eq!(address(&binary(0x21, 0x21, &[0; 35], &[])), "");
    assert_eq!(address(&binary(0x21, 0x31, &[0; 215], &[])), "");
    assert_eq!(address(&binary(0x21, 0x13, &[0; 36], &[])), "", "another transport");
    assert_eq!(address(&binary(0x21, 0x41, &[0; 216], &[])), "", "another family");
    assert_eq!(address(&binary(0x20, 0x00, &[], &vec![0; MAX_BINARY + 1])), "", "too long");
    assert_eq!(address(&binary(0x21, 0x00, &[], &vec![0; 65_535])), "");
}
