//! The words to avoid, and what to write instead.

use crate::words::{Allowed, Rule};

/// Hits that may stay.
pub const ALLOWED: &[Allowed] = &[Allowed {
    file: "docs/compatibility.md",
    phrase: "`[dialects]`, `WIGWAG_DIALECTS__…`",
    reason: "the former name of a section, which an operator searches for",
}];

/// Words a reader stumbles over: metaphors, and phrases that are not plain technical English.
pub const RULES: &[Rule] = &[
    rule("whoever", r"\bwhoever\b", "\"anyone who\", or name the caller"),
    rule("nobody", r"\bnobody\b", "\"no client\", \"no peer\", \"no one\""),
    rule("in silence", r"\bin silence\b", "\"silently\", \"without notice\""),
    rule("of its own", r"\bof (its|their|his|one's) own\b", "\"its own …\", \"a separate …\""),
    Rule {
        name: "is no",
        find: r"\b(is|are|was|were|be|been) no [a-z0-9`]+",
        except: r"\b(is|are|was|were|be|been) no (longer|more|less|fewer|later|earlier|larger|smaller|greater|higher|lower|better|worse|different)\b|\b(there|there'll|there would|there will|there may|there can|there must|there has|there have) (is|are|was|were|be|been) no\b|\b(is|are|was|were) there (be|been )?no\b",
        say: "\"is not a …\", \"is not …\"",
    },
    Rule {
        name: "is none",
        find: r"\b(is|are|was|were) none\b",
        except: r"\bthere (is|are|was|were) none\b|\b(is|are|was|were) none of\b",
        say: "\"is not one\"",
    },
    Rule {
        name: "behind",
        find: r"\bbehind\b",
        except: r"\bbehind (a|an|the|its|one|another|any|some|two|each) (\w+[ -]){0,2}?(proxy|proxies|balancer|firewall|NAT|gateway|listener|button|lock|locks|flag|feature)\b|\bbehind (proxies|NAT|NATs|nginx)\b|\b(left|leaves?|leaving|falls?|falling|fell|fallen|lags?|lagging|stays?) (\w+ ){0,3}?behind\b",
        say: "\"after\"; or name the relation: \"in\", \"below\", \"that runs …\"",
    },
    rule("stranger", r"\bstrangers?\b", "\"anonymous\", \"untrusted\", \"another peer\""),
    rule("door", r"\bdoors?\b", "\"transport\" (gRPC, WebSocket, REST) or \"API\""),
    rule("dialect", r"\bdialects?('s|s')?\b", "\"compatibility protocol\", or the protocol's name"),
    rule("its like", r"\b(its|their) likes?\b", "\"similar …\""),
    rule("guest", r"\bguests?\b", "\"compat session\", \"client\""),
    rule("seat", r"\bseats?\b", "\"membership\", \"member\""),
    rule("visitor", r"\bvisitors?\b", "\"session with a chosen id\", \"client\""),
    rule("parcel", r"\bparcels?\b", "\"write\", \"batch\""),
    Rule {
        name: "fault",
        find: r"\bfaults?\b",
        except: r"\b(page|segmentation) faults?\b|\bfault (injection|proxy|toleran(t|ce))\b",
        say: "\"error\" of an API, \"defect\" of a program",
    },
    rule("pace", r"\b(paces?|pacing|paced)\b", "\"rate\", \"rate limit\""),
    rule("foreign", r"\bforeign\b", "\"third-party\""),
    rule("far away", r"\bfar away\b", "\"remote\""),
    rule("in vain", r"\bin vain\b", "\"without effect\""),
    rule("lest", r"\b(lest|thereof|heed)\b", "\"so that … not\", \"of it\", \"obey\""),
    rule("asked for it", r"\basked for it\b", "\"requested it\""),
    rule("who asks", r"\b(who|whom it|whoever) asks\b", "\"the caller\""),
    rule("knows nothing", r"\bknows? (nothing|no \w+)\b", "\"does not know …\", \"does not depend on …\""),
    rule("tells whether", r"\btells? (whether|if)\b", "\"returns whether\", \"reports whether\""),
    rule(
        "is told",
        r"\b(what|failure|loss|change|news|join|leave|gap) (is|are|was|were) told\b|\bto be told\b|\bare told by\b|\btold (once|to its)\b",
        "\"is reported\", \"is sent to\"",
    ),
    rule("hear", r"\bhears?\b|\bheard (of|that|it|nothing|an?|the)\b", "\"receives\", \"is notified of\""),
    rule("speaks of", r"\bspeaks? of\b", "\"is about\""),
    rule(
        "stands",
        r"\bstands? (in the table|behind|before|above|below|there|already|at the (front|end))\b",
        "\"is\", \"comes before\"",
    ),
    rule("lies", r"\blies (in|at|on|behind|there|somewhere|elsewhere)\b", "\"is\""),
    rule("sit", r"\b(sits?|sat|sitting) (in|at|down|there)\b", "\"is a member of\", \"joins\""),
    rule("hang up", r"\b(hangs?|hung|hanging) up\b", "\"closes the connection\""),
    rule("goodbye", r"\b(goodbyes?|farewells?)\b", "\"close frame\", \"GOAWAY\", \"bye\""),
    rule("ring", r"\b(rung|rang)\b|\brings? (for|it|once|the)\b|\bbells?\b", "\"wakes\", \"woken\", \"waker\""),
    rule(
        "to say",
        r"\b(something|anything|nothing|much|more|what|else|left) (\w+ ){0,2}to say\b|\b(has|have|had) to say\b",
        "\"data to send\"",
    ),
    rule("last words", r"\blast words?\b", "\"final frames\""),
    rule("sees to it", r"\bsees? to it\b", "\"ensures\""),
    rule("acknowledgement", r"\backnowledgements?\b", "\"acknowledgment\", the spelling of the API"),
    rule("whom", r"(^|[.:;] )whom\b|\bto whom[.,;]?$", "\"recipient\", \"who …\""),
];

const fn rule(name: &'static str, find: &'static str, say: &'static str) -> Rule {
    Rule { name, find, except: "", say }
}
