#!/usr/bin/env python3
"""Converters: what both programs make of the same constants."""
import os

from harness import add_scenario, main

DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data")
MESSAGE = ("089601120774657374696e671a0608051202696e250700000029090000000000000030053d0000c03f410000000000000440"
           "48ffffffffffffffffff0112036e6577")

TABLE = {
    "languages": [f"str('de-CH;q=0.9, fr, en;q=0.8, es ;q= 0'),language({known})" for known in
                  ("de;en;es", "fr;en", "de-CH", "es,no", "it,no", "FR,no", "en;fr-FR")],
    "digests": ["str(abc),sha1,hex", "str(abc),sha2,hex", "str(abc),sha2(512),hex", "str(abc),digest(md5),hex",
                "str(abc),hmac(sha256,a2V5),hex", "str(abc),crc32(1)", "str(abc),crc32c(1)", "str(abc),djb2(1)", "str(abc),sdbm(1)"],
    "joined": ["str(a),concat(b,txn.none,c)", "str(a),concat(.)", "str(a),add_item(:,,b)", "str(a),add_item(:,txn.none)",
               "str(a),add_item(:,txn.none,b)", "str(a),strcmp(txn.none)", "str(a),secure_memcmp(txn.none)"],
    "protobuf": [f"bin({MESSAGE}),protobuf({field})" for field in
                 ("1,int32", "2", "3.1,int32", "3.2", "4,fixed32", "5,fixed64", "6,sint32", "7,float", "8,double", "9,int64", "9,int32",
                  "2,int32", "1,fixed32", "10", "1,bool", "4,sfixed32", "3.3")]
                + [f"bin(00000000{length}{MESSAGE}),ungrpc({field})" for length, field in (("42", "2"), ("42", "1,int32"), ("ff", "2"))],
    "maps": [text % DATA for text in (
        "str(a),map(%s/texts.map)", "str(zz),map(%s/texts.map)", "str(zz),map(%s/texts.map,none)", "str(a.bc),map_beg(%s/texts.map)",
        "str(xa.by),map_sub(%s/texts.map)", "str(/x/a.b/y),map_dir(%s/texts.map)", "str(www.a.b),map_dom(%s/texts.map)",
        "str(xa.b),map_end(%s/texts.map)", "str(/img/7),map_reg(%s/expressions.map)", "str(/img/7),map_regm(%s/expressions.map)",
        "str(a),map_str_int(%s/numbers.map)", "str(zz),map_str_int(%s/numbers.map,7)", "str(a),map_str_ip(%s/addresses.map)",
        "int(8080),map_int(%s/ports.map)", "int(443),map_int_int(%s/ports.map,9)", "ipv4(10.1.2.3),map_ip(%s/networks.map)",
        "ipv4(10.2.2.3),map_ip(%s/networks.map)", "ipv6(2001:db8::5),map_ip(%s/networks.map)", "ipv4(11.2.2.3),map_ip(%s/networks.map)",
        "ipv4(192.0.2.9),map_ip_ip(%s/networks_to_addresses.map)", "ipv4(192.0.2.9),map_ip_int(%s/networks_to_numbers.map)")],
    "base64": ["str(a),base64", "str(ab),base64", "str(abc),base64", "bin(fbff),ub64enc", "bin(00),base64"],
    "base64_back": ["str(YWI=),b64dec", "str(YWI),b64dec", "str(YW*=),b64dec", "str(YWJj),b64dec", "str(YQ==),b64dec",
                    "str(-_8),ub64dec,hex", "str(a),ub64dec"],
    "numbers_of_bytes": ["bin(01020304050607),be2dec(:,2)", "bin(01020304050607),be2dec(-,2,1)", "bin(01020304050607),be2dec(,2,1)",
                         "bin(7f000001),be2dec(.,1)", "bin(ffffffffffffffff),be2dec(,8)", "bin(01020304050607),be2hex",
                         "bin(01020304050607),be2hex(:,2)", "bin(01020304050607),be2hex(--,2,1)", "bin(0102030405060708),be2hex(,3,1)",
                         "int(1),htonl,hex", "int(-1),htonl,hex", "int(4294967298),htonl,hex"],
    "hex": ["str(0A1B),hex2i", "str(fff),hex2i", "str(ffffffffffffffff),hex2i", "bin(0aff),hex"],
    "urls": ["str(a+b),url_dec", "str(a+b),url_dec(1)", "str(a%20b+c?d+e),url_dec", "str(a%2xb),url_dec", "str(a%2),url_dec",
             "str(%41%6a%6A),url_dec", "bin(212225262728292a2b2c2d2e2f303a3b3c3d3e3f405b5c5d5e5f607b7c7d7e),url_enc",
             "bin(0102ff7f20),url_enc"],
    "hosts": ["str(Host.Example:80),host_only", "str(Host.Example:80),port_only", "str([::1]:80),host_only",
              "str([::1]:80),port_only", "str([::1]),port_only", "str(a),port_only", "str(a:),port_only"],
    "lines": ["bin(610d0a62),cut_crlf", "bin(610a62),cut_crlf", "bin(0a62),cut_crlf", "str(abc),cut_crlf"],
    "times": ["int(0),utime(%Y)", "int(1700000000),utime(\"%d/%b/%Y:%H:%M:%S %z\")", "int(1700000000),ltime(%s)",
              "int(1700000000),utime(%H,3600)", "int(1700000000),utime(%H,-3600)", "int(784111777),http_date",
              "int(784111777),http_date(10)", "int(784111777),http_date(-10,s)"],
    "json": ["bin(2f22080a0c0d09417f5c),json", "bin(c3a9),json", "bin(c3a9),json(utf8)", "bin(e9),json(utf8)", "bin(e941),json(utf8s)",
             "bin(c0af41),json(utf8)", "bin(c0af41),json(utf8p)", "bin(c0af41),json(utf8s)", "bin(c0af41),json(utf8ps)",
             "bin(f09f9880),json(utf8)", "bin(f09f988041),json(utf8s)", "bin(eda08041),json(utf8s)", "bin(e282ac),json(utf8)", "bin(0141),json"],
    "hashes": ["str(abc),xxh3", "str(abc),xxh3(1)", "str(abc),xxh32", "str(abc),xxh64(7)", "str(abc),crc32", "str(abc),crc32c",
               "str(abc),djb2", "str(abc),sdbm"],
    "fields": ["str(f1_f2_f3__f5),field(5,_)", "str(f1_f2_f3__f5),field(2,_,0)", "str(f1_f2_f3__f5),field(-2,_,3)",
               "str(f1_f2_f3__f5),word(4,_)", "str(f1_f2_f3__f5),word(3,_,2)", "str(f1_f2_f3__f5),word(-2,_,3)",
               "str(012345),bytes(1,3)", "str(012345),bytes(9)", "str(AbC),lower", "str(AbC),upper", "str(--a-),ltrim(-)",
               "str(-a--),rtrim(-)", "str(abc),length", "bool(1),iif(y,n)"],
    "mqtt": [f"bin(102100044d51545404c6003c000363696400027774000277700004757365720002{rest}" for rest in
             ["7077),mqtt_is_valid", "70),mqtt_is_valid"] + [f"7077),mqtt_field_value(connect,{name})" for name in
              ("flags", "protocol_name", "protocol_version", "client_identifier", "will_topic", "will_payload", "username",
               "password", "keepalive")]] + ["bin(20020105),mqtt_field_value(connack,flags)", "bin(20020105),mqtt_field_value(2,reason_code)",
              "bin(20020000),mqtt_is_valid", "bin(3000),mqtt_is_valid"],
    "fix": [f"bin(383d4649582e342e3201393d350133353d410131303d31373801),{name}" for name in
            ("fix_is_valid", "fix_tag_value(35)", "fix_tag_value(MsgType)", "fix_tag_value(CheckSum)", "fix_tag_value(99)")]
           + ["bin(383d4649582e342e3201393d350133353d410131303d31373901),fix_is_valid", "bin(383d4649582e342e3201393d350133353d4101),fix_is_valid"],
    "arithmetic": ["int(7),add(3)", "int(7),sub(10)", "int(7),mul(-3)", "int(-7),div(2)", "int(-7),mod(4)", "int(6),and(3)",
                   "int(6),or(3)", "int(6),xor(3)", "int(6),cpl", "int(6),neg", "int(6),not", "int(6),even", "int(6),odd", "int(6),bool",
                   "int(7),div(0)", "int(9223372036854775807),add(1)"],
}


def scenario_of(expressions):
    def run(w):
        w.server("s1")
        fronts = "\n".join(f"frontend f{n}\n    bind @f{n}@\n    log-format \"<{n}>%[{text}]<end>\"\n    default_backend be"
                           if '"' not in text else
                           f"frontend f{n}\n    bind @f{n}@\n    log-format '<{n}>%[{text}]<end>'\n    default_backend be"
                           for n, text in enumerate(expressions))
        w.start(fronts + "\nbackend be\n    server s1 @s1@")
        for n, text in enumerate(expressions):
            w.ask(f"f{n}")
            w.observe(text, w.log.next(f"<{n}>").split(f"<{n}>", 1)[1].split("<end>")[0])
    return run


for _name, _expressions in TABLE.items():
    add_scenario(_name, scenario_of(_expressions))

if __name__ == "__main__":
    main()
