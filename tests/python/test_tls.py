"""TLS as a scanner and independent clients see it."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from wigwag.v1 import room_service_pb2, room_service_pb2_grpc

from peer import TIMEOUT

GRPCURL = os.environ.get("GRPCURL") or shutil.which("grpcurl")

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not on PATH")

# What TLS 1.2 may use: forward secrecy (ECDHE) and authenticated encryption (RFC 9325, section 4.2).
STRONG = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}

KEYS = {"ecdsa": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-newkey", "rsa:2048"]}


@pytest.fixture(params=KEYS)
def tls_server(request, start_server, tmp_path):
    """A server with a certificate of either kind; and the certificate, which is its own authority."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", *KEYS[request.param], "-nodes", "-days", "30", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT)
    return start_server(WIGWAG_TLS__CERT_FILE=str(cert), WIGWAG_TLS__KEY_FILE=str(key)), cert


def test_a_scanner_finds_no_old_version_and_no_weak_suite(tls_server, tmp_path):
    server, _ = tls_server
    report = tmp_path / "report.json"
    scans = ["sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3", "heartbleed", "openssl_ccs", "robot", "reneg"]
    scans += ["compression", "early_data", "fallback", "elliptic_curves"]
    command = [sys.executable, "-m", "sslyze", *(f"--{scan}" for scan in scans), f"--json_out={report}", server.address]
    subprocess.run(command, capture_output=True, check=False, timeout=10 * TIMEOUT)
    (scanned,) = json.loads(report.read_text())["server_scan_results"]
    result = {name: scan["result"] for name, scan in scanned["scan_result"].items() if scan and scan["result"]}
    for version in ["ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"]:
        assert result[f"{version}_cipher_suites"]["accepted_cipher_suites"] == [], version
    suites = {
        version: {suite["cipher_suite"]["name"] for suite in result[f"{version}_cipher_suites"]["accepted_cipher_suites"]}
        for version in ["tls_1_2", "tls_1_3"]
    }
    assert suites["tls_1_2"] and suites["tls_1_2"] <= STRONG
    assert len(suites["tls_1_3"]) == 3
    assert not result["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not result["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert result["robot"]["robot_result"].startswith("NOT_VULNERABLE")
    assert not result["tls_compression"]["supports_compression"]
    assert not result["tls_1_3_early_data"]["supports_early_data"]
    assert not result["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    assert result["session_renegotiation"]["supports_secure_renegotiation"]


@pytest.mark.parametrize(
    ("offered", "chosen"), [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1"), ("spdy/3,http/1.1", "http/1.1")]
)
def test_alpn_chooses(tls_server, offered, chosen):
    server, cert = tls_server
    command = ["openssl", "s_client", "-connect", server.address, "-CAfile", str(cert), "-alpn", offered]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=TIMEOUT)
    assert f"ALPN protocol: {chosen}\n" in done.stdout
    assert "Verify return code: 0 (ok)" in done.stdout


def test_grpc_of_python_calls(tls_server, room):
    server, cert = tls_server
    with server.secure_channel(cert.read_bytes()) as channel:
        rooms = room_service_pb2_grpc.RoomServiceStub(channel)
        made = rooms.CreateRoom(room_service_pb2.CreateRoomRequest(room=room), timeout=TIMEOUT)
        assert made.room_info.room == room


@pytest.mark.skipif(not GRPCURL, reason="grpcurl is not on PATH, and GRPCURL does not name it")
def test_grpcurl_lists_the_services(tls_server):
    server, cert = tls_server
    command = [GRPCURL, "-cacert", str(cert), server.address, "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT)
    assert "wigwag.v1.SignalingService" in listed.stdout.split()
    # Without TLS the port says what it speaks.
    command = [GRPCURL, "-plaintext", "-connect-timeout", "2", server.address, "list"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert refused.returncode != 0
