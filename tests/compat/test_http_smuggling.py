#!/usr/bin/env python3
"""Messages whose end two readers might see in different places: what reaches the other side has one meaning."""
from harness import add_scenario, main
from web import OK, chunks, get, row as add_row

NEXT = get("/next")
POST = b"POST /a HTTP/1.1\r\nHost: x\r\n"


def head(*lines, body=b"", start=POST):
    return start + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


CHUNKS = chunks("abc").encode()
CL, TE = b"Content-Length: 3", b"Transfer-Encoding: chunked"

FORMS = {
    "two_lengths": head(CL, b"Content-Length: 4", body=b"abcd"),
    "two_lengths_the_same": head(CL, CL, body=b"abc"),
    "list_of_lengths": head(b"Content-Length: 3, 4", body=b"abcd"),
    "list_of_the_same_length": head(b"Content-Length: 3, 3", body=b"abc"),
    "length_plus": head(b"Content-Length: +3", body=b"abc"),
    "length_minus": head(b"Content-Length: -3", body=b"abc"),
    "length_hex": head(b"Content-Length: 0x3", body=b"abc"),
    "length_with_zeroes": head(b"Content-Length: 003", body=b"abc"),
    "length_with_a_blank": head(b"Content-Length: 3 0", body=b"abc"),
    "length_empty": head(b"Content-Length:", body=b"abc"),
    "length_too_long": head(b"Content-Length: 99999999999999999999999", body=b"abc"),
    "length_wraps": head(b"Content-Length: 18446744073709551619", body=b"abc"),
    "length_with_nul": head(b"Content-Length: 3\0", body=b"abc"),
    "length_with_tab": head(b"Content-Length:\t3\t", body=b"abc"),
    "length_vertical_tab": head(b"Content-Length:\x0b3", body=b"abc"),
    "length_and_coding": head(CL, TE, body=CHUNKS),
    "coding_and_length": head(TE, CL, body=CHUNKS),
    "length_0_and_coding": head(b"Content-Length: 0", TE, body=CHUNKS),
    "coding_identity": head(b"Transfer-Encoding: identity", CL, body=b"abc"),
    "coding_identity_alone": head(b"Transfer-Encoding: identity"),
    "coding_unknown": head(b"Transfer-Encoding: xchunked", body=CHUNKS),
    "coding_unknown_and_length": head(b"Transfer-Encoding: cow", CL, body=b"abc"),
    "coding_gzip_chunked": head(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "coding_chunked_gzip": head(b"Transfer-Encoding: chunked, gzip", body=CHUNKS),
    "coding_twice": head(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "coding_two_fields": head(TE, TE, body=CHUNKS),
    "coding_two_fields_identity": head(TE, b"Transfer-Encoding: identity", body=CHUNKS),
    "coding_empty": head(b"Transfer-Encoding:", CL, body=b"abc"),
    "coding_upper": head(b"TRANSFER-ENCODING: CHUNKED", body=CHUNKS),
    "coding_tab": head(b"Transfer-Encoding:\tchunked", body=CHUNKS),
    "coding_vertical_tab": head(b"Transfer-Encoding:\x0bchunked", CL, body=b"abc"),
    "coding_quoted": head(b'Transfer-Encoding: "chunked"', CL, body=b"abc"),
    "coding_semicolon": head(b"Transfer-Encoding: chunked;a=b", body=CHUNKS),
    "coding_comma": head(b"Transfer-Encoding: ,chunked", body=CHUNKS),
    "coding_blank_before_colon": head(b"Transfer-Encoding : chunked", CL, body=b"abc"),
    "coding_underscore": head(b"Transfer_Encoding: chunked", CL, body=b"abc"),
    "coding_folded": head(b"Transfer-Encoding:", b" chunked", body=CHUNKS),
    "coding_in_a_value": head(b"X: y\rTransfer-Encoding: chunked", CL, body=b"abc"),
    "coding_behind_lf": head(b"X: y\nTransfer-Encoding: chunked", body=CHUNKS),
    "coding_10": head(TE, b"Connection: keep-alive", start=b"POST /a HTTP/1.0\r\nHost: x\r\n", body=CHUNKS),
    "coding_10_and_length": head(TE, CL, start=b"POST /a HTTP/1.0\r\nHost: x\r\n", body=b"abc"),
    "get_with_coding": head(TE, start=b"GET /a HTTP/1.1\r\nHost: x\r\n", body=CHUNKS),
    "length_in_connection": head(b"Connection: content-length", CL, body=b"abc"),
    "coding_in_connection": head(b"Connection: transfer-encoding", TE, body=CHUNKS),
    "host_in_connection": head(b"Connection: host", CL, body=b"abc"),
    "blank_before_colon": head(b"X : y", CL, body=b"abc"),
    "tab_before_colon": head(b"X\t: y", CL, body=b"abc"),
    "no_colon": head(b"X", CL, body=b"abc"),
    "no_name": head(b": y", CL, body=b"abc"),
    "first_field_folded": head(b" X: y", CL, start=b"POST /a HTTP/1.1\r\n", body=b"abc"),
    "folded": head(b"X: a", b" b", b"\tc", CL, body=b"abc"),
    "folded_host": b"POST /a HTTP/1.1\r\nHost: x\r\n y\r\nContent-Length: 3\r\n\r\nabc",
    "cr_in_value": head(b"X: a\rb", CL, body=b"abc"),
    "cr_before_crlf": head(b"X: a\r", CL, body=b"abc"),
    "cr_as_end": b"POST /a HTTP/1.1\r\nHost: x\rContent-Length: 3\r\r\nabc",
    "nul_in_value": head(b"X: a\0b", CL, body=b"abc"),
    "nul_in_name": head(b"X\0: b", CL, body=b"abc"),
    "control_in_value": head(b"X: a\x01b", CL, body=b"abc"),
    "delete_in_value": head(b"X: a\x7fb", CL, body=b"abc"),
    "nul_in_target": b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n",
    "tab_in_request_line": b"GET\t/a\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "two_blanks_in_request_line": b"GET  /a  HTTP/1.1\r\nHost: x\r\n\r\n",
    "blank_at_end_of_request_line": b"GET /a HTTP/1.1 \r\nHost: x\r\n\r\n",
    "lf_ends": b"POST /a HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc",
    "lf_and_crlf": b"POST /a HTTP/1.1\r\nHost: x\nContent-Length: 3\r\n\nabc",
}

SIZES = {
    "plain": b"3\r\nabc\r\n0\r\n\r\n",
    "lf_after_size": b"3\nabc\r\n0\r\n\r\n",
    "lf_after_data": b"3\r\nabc\n0\r\n\r\n",
    "lf_everywhere": b"3\nabc\n0\n\n",
    "lf_at_the_end": b"3\r\nabc\r\n0\r\n\n",
    "cr_after_size": b"3\rabc\r\n0\r\n\r\n",
    "hex_prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "plus": b"+3\r\nabc\r\n0\r\n\r\n",
    "minus": b"-3\r\nabc\r\n0\r\n\r\n",
    "empty": b"\r\nabc\r\n0\r\n\r\n",
    "blank_before": b" 3\r\nabc\r\n0\r\n\r\n",
    "blank_behind": b"3 \r\nabc\r\n0\r\n\r\n",
    "tab_behind": b"3\t\r\nabc\r\n0\r\n\r\n",
    "underscore": b"0_3\r\nabc\r\n0\r\n\r\n",
    "not_hex": b"3g\r\nabc\r\n0\r\n\r\n",
    "many_zeroes": b"0000000000000000000000000000003\r\nabc\r\n0\r\n\r\n",
    "wraps": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "huge": b"fffffffffffffff0\r\nabc\r\n0\r\n\r\n",
    "too_short": b"2\r\nabc\r\n0\r\n\r\n",
    "too_long": b"4\r\nabc\r\n0\r\n\r\n",
    "extension": b"3;a=b\r\nabc\r\n0;c\r\n\r\n",
    "extension_with_lf": b"3;a\nabc\r\n0\r\n\r\n",
    "extension_with_cr": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "extension_with_nul": b"3;a\0b\r\nabc\r\n0\r\n\r\n",
    "extension_quoted_lf": b'3;a="\n"\r\nabc\r\n0\r\n\r\n',
    "extension_long": b"3;" + b"a" * 5000 + b"\r\nabc\r\n0\r\n\r\n",
    "trailer_length": b"3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n",
    "trailer_coding": b"3\r\nabc\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n",
    "trailer_host": b"3\r\nabc\r\n0\r\nHost: y\r\n\r\n",
    "trailer_folded": b"3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n",
    "trailer_no_colon": b"3\r\nabc\r\n0\r\nA\r\n\r\n",
    "trailer_blank_before_colon": b"3\r\nabc\r\n0\r\nA : b\r\n\r\n",
    "trailer_nul": b"3\r\nabc\r\n0\r\nA: \0\r\n\r\n",
    "trailer_lf": b"3\r\nabc\r\n0\r\nA: b\nC: d\r\n\r\n",
    "a_request_behind": b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n",
}

ANSWER = b"HTTP/1.1 200 OK\r\n"
ANSWERS = {
    "two_lengths": ANSWER + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
    "two_lengths_the_same": ANSWER + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
    "length_and_coding": ANSWER + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "length_bad": ANSWER + b"Content-Length: 2x\r\n\r\nhi",
    "coding_unknown": [ANSWER + b"Transfer-Encoding: cow\r\n\r\nhi", "close"],
    "coding_identity": [ANSWER + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", "close"],
    "coding_chunked_gzip": [ANSWER + b"Transfer-Encoding: chunked, gzip\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "close"],
    "coding_twice": ANSWER + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "blank_before_colon": ANSWER + b"Content-Length : 2\r\n\r\nhi",
    "folded": ANSWER + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\nhi",
    "cr_in_value": ANSWER + b"X: a\rb\r\nContent-Length: 2\r\n\r\nhi",
    "nul_in_value": ANSWER + b"X: a\0b\r\nContent-Length: 2\r\n\r\nhi",
    "lf_in_chunks": ANSWER + b"Transfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n",
    "bad_size": ANSWER + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n0\r\n\r\n",
    "size_wraps": ANSWER + b"Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\nhi\r\n0\r\n\r\n",
    "another_answer_behind": ANSWER + b"Content-Length: 2\r\n\r\nhi" + ANSWER + b"Content-Length: 4\r\n\r\nevil",
    "204_with_a_body": b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi",
    "204_with_chunks": b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "304_with_a_body": b"HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\nhi",
    "100_with_a_length": b"HTTP/1.1 100 C\r\nContent-Length: 2\r\n\r\n" + OK,
    "103_with_chunks": b"HTTP/1.1 103 C\r\nTransfer-Encoding: chunked\r\n\r\n" + OK,
}

for _name, _data in FORMS.items():
    add_row(add_scenario, "http_smuggle_" + _name, [(_data + NEXT, 2)])
for _name, _data in SIZES.items():
    add_row(add_scenario, "http_chunk_" + _name, [(head(TE, body=_data) + NEXT, 2)])
for _name, _data in ANSWERS.items():
    add_row(add_scenario, "http_answer_" + _name, [get("/a"), NEXT], {"/a": _data}, backend="    retries 0")

if __name__ == "__main__":
    main()
