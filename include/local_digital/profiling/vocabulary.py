"""The words by which exports call things: column names by canonical field, council words by the contract's value.

Plain tables, to be added to with every system that is met. All in lower case, words separated by one space.
"""

from __future__ import annotations

# Column names by field. A whole name that fits counts most; a name that only holds these words counts less.
HEADERS: dict[str, tuple[str, ...]] = {
    "record_ref": (
        "case ref", "case reference", "case id", "case number", "case no", "reference", "ref", "ref no", "reference no",
        "reference number", "id", "service request number", "service request id", "sr number", "sr no", "ticket",
        "ticket id", "ticket number", "unique key", "unique id", "request id", "request number", "request reference",
        "enquiry number", "enquiry no",
        "enquiry ref", "enquiry reference", "enquiry id", "job number", "job ref", "report id",
        "report reference", "incident id", "incident number", "interaction id", "form reference", "submission id",
        "transaction id", "worksheet number", "worksheet id", "crm reference", "crm ref", "case enquiry id",
    ),
    "reported_at": (
        "date reported", "reported", "reported date", "reported at", "report date", "created", "created at",
        "created date", "date created", "creation date", "created on", "creation time", "opened", "open date",
        "open dt", "opened date", "date opened", "logged", "date logged", "logged date", "logged at", "log date",
        "requested", "requested datetime", "request date", "requested date", "date requested", "received",
        "date received",
        "received date", "submitted", "submission date", "date submitted", "submitted at", "raised", "date raised",
        "raised date", "enquiry date", "case date", "call date", "contact date", "date", "datetime", "date time",
        "timestamp", "start date",
    ),
    "closed_at": (
        "date closed", "closed", "close date", "closed date", "closed at", "closed dt", "closed on", "completed",
        "completed date", "completion date", "date completed", "completed at", "resolved", "resolved date",
        "date resolved", "resolution date", "resolved at", "finished", "date finished", "finish date", "end date",
        "fixed date", "date fixed", "closing date", "closure date",
    ),
    "event_at": (
        "event time", "event date", "event at", "status date", "status time", "status changed", "status changed at",
        "changed", "changed at", "change date", "changed date", "date changed", "action date", "effective date",
        "entry date", "timestamp", "updated", "updated at", "last updated", "updated datetime", "date updated",
        "modified", "last modified", "modified date", "date modified",
    ),
    "channel": (
        "channel", "contact channel", "access channel", "intake channel", "channel type", "channel name", "source",
        "origin", "case origin", "case source", "method", "contact method", "method received",
        "method received description", "received method", "contact type", "received by", "received via", "how reported",
        "how received", "reported via", "request source", "service request source", "report source", "medium",
        "entry point", "submission method", "open data channel type", "reporting method",
    ),
    "status": ("status", "case status", "current status", "request status", "state", "case state", "status name",
               "sr status", "status description", "stage"),
    "ward": ("ward", "ward name", "electoral ward", "council ward", "ward area", "electoral division", "division",
             "council district", "neighbourhood", "neighborhood"),
    "stream": (
        "bin type", "waste type", "container", "container type", "waste stream", "stream", "bin", "bin colour",
        "bin color", "bin missed", "service", "service type", "collection type", "collection service", "waste service",
        "material", "missed bin type", "which bin",
    ),
    "reason": ("reason", "reason code", "reason missed", "missed reason", "reason for missed collection",
               "non collection reason", "fail reason", "failure reason", "cause", "crew reason"),
    "outcome": ("outcome", "justified", "upheld", "is justified", "justified missed", "case outcome", "decision",
                "result", "outcome code"),
    "premises_key": ("uprn", "premises id", "premise id", "premises reference", "property id", "property reference",
                     "property ref", "site id", "site uprn", "llpg uprn"),
    "count": ("count", "total", "number", "volume", "cases", "reports", "number of reports", "number of cases",
              "no of reports", "no of cases", "quantity", "qty", "requests", "transactions", "total reports",
              "missed bins", "missed collections", "bins missed", "collections missed", "enquiries"),
    "period": ("period", "week", "week commencing", "week starting", "week beginning", "w c", "wc", "week ending",
               "week start", "week end", "month", "month ending", "month starting", "month year", "period start",
               "period end", "reporting period", "quarter", "day", "date"),
}  # fmt: skip

# Columns that say which service a row is of, in exports of several.
SERVICE_HEADERS = (
    "service name", "service request type", "request type", "complaint type", "case type", "category", "case category",
    "service category", "enquiry type", "subject", "sr type", "issue type", "type", "case title", "case subject",
    "report type", "service", "subcategory", "sub category", "descriptor", "topic", "incident type", "problem",
    "sr description", "service description", "request description", "issue description", "enquiry description",
    "job description", "form name", "process name", "nature of enquiry", "work type", "classification",
)  # fmt: skip

# `SR Description` and `Form Name` name what was asked for, where they hold a few words.
NAMES_OF_SERVICES = frozenset({"description", "desc", "name", "title"})
THINGS_ASKED_FOR = frozenset({
    "sr", "service", "request", "issue", "enquiry", "job", "form", "process", "case", "incident", "work", "category",
    "type", "problem", "complaint", "ticket", "task", "report", "subject",
})  # fmt: skip

# What a column of personal data is called, by what it holds. Words in one string must all be there.
PERSONAL_HEADERS: dict[str, tuple[str, ...]] = {
    "e-mail": ("email", "e mail", "mailbox"),
    "phone": ("phone", "telephone", "tel", "mobile", "landline", "contact number", "contact no", "fax"),
    "birth or identity": ("dob", "birth", "born", "nino", "national insurance", "nhs", "vehicle registration",
                          "registration number", "vrm", "number plate",
                          "passport", "sort code", "iban", "bank account", "card number"),
    "health": ("assisted", "clinical", "medical", "disability", "disabled", "vulnerable", "health"),
    "premises": ("uprn", "usrn", "premises id", "premise id", "property id", "property ref", "property reference",
                 "premises reference", "site id", "bbl", "parcel"),
    "postcode": ("postcode", "post code", "zip", "zipcode", "postal code"),
    "coordinates": ("lat", "latitude", "long", "lng", "lon", "longitude", "easting", "northing", "coordinate",
                    "coordinates", "coords", "geolocation", "geom", "geometry", "wkt", "gps", "point", "x", "y"),
    "name": ("name", "surname", "forename", "first name", "last name", "full name", "customer name", "contact name",
             "firstname", "lastname", "fullname", "username", "user name", "caller", "resident", "citizen", "customer",
             "complainant", "applicant", "requester", "requestor", "reporter", "owner", "person", "officer", "operator",
             "assigned to", "created by", "updated by", "closed by", "handled by", "reported by", "staff", "user",
             "submitter", "crew member", "driver", "changed by", "modified by", "logged by", "entered by",
             "raised by", "completed by", "opened by", "resolved by", "inspector"),
    "address": ("address", "addr", "street", "road", "house", "flat", "property", "building", "premises", "location",
                "landmark", "intersection", "locality", "town"),
    "free text": ("notes", "note", "comment", "comments", "description", "details", "detail", "message", "free text",
                  "text", "remarks", "narrative", "additional information", "further information", "summary", "body",
                  "instructions"),
    "link": ("url", "media", "photo", "image", "attachment", "attachments", "link"),
}  # fmt: skip
# `Ward Name` names no person, and a person's type is none either.
NAMES_OF_THINGS = frozenset({
    "ward", "service", "council", "bin", "waste", "status", "channel", "agency", "team", "department", "area", "round",
    "street", "road", "category", "type", "group", "container", "file", "division", "district", "city", "reason",
    "source", "community", "borough", "authority", "product", "queue", "stream", "park", "facility",
})  # fmt: skip

# Council words by the contract's value. The longest phrase that a word holds decides.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "channel": {
        "online": ("web", "online", "online form", "website", "web form", "webform", "web site", "self service",
                   "self serve", "selfservice", "self", "eform", "e form", "e forms", "internet", "portal",
                   "my account", "customer portal", "form", "browser", "digital", "myaccount", "fixmystreet",
                   "chatbot"),
        "app": ("app", "mobile", "mobile app", "ios", "android", "iphone", "smartphone", "app ios", "app android",
                "mobile device", "citizens connect app"),
        "email": ("email", "e mail", "emails"),
        "phone": ("phone", "telephone", "tel", "voice", "call centre", "call center", "contact centre",
                  "contact center", "call", "phone call", "telephone call", "inbound call", "311 call",
                  "constituent call", "voicemail"),
        "phone-automated": ("ivr", "automated", "automated phone", "automated call", "automated telephone",
                            "phone automated", "voice bot", "voicebot", "auto attendant"),
        "face-to-face": ("walk in", "walkin", "counter", "reception", "f2f", "face to face", "in person",
                         "customer service centre", "customer service center", "one stop shop", "personal visit",
                         "visit", "library", "kiosk", "customer services desk"),
        "post": ("letter", "mail", "post", "fax", "postal", "correspondence", "letters"),
        "assisted-digital": ("agent assisted", "assisted", "assisted digital", "assisted online", "mediated",
                             "on behalf of", "assisted web", "assisted self service"),
        "other": ("web chat", "webchat", "live chat",
                  "other", "unknown", "system", "system generated", "crew", "employee generated", "internal", "batch",
                  "member enquiry", "councillor", "social media", "twitter", "facebook", "city worker app", "sms"),
        "direct-debit": ("direct debit", "dd"),
    },
    "status": {
        "open": ("open", "opened", "reopened", "re opened", "new", "in progress", "inprogress", "pending", "assigned",
                 "submitted", "logged", "active", "started", "received", "awaiting", "on hold", "unassigned", "raised",
                 "acknowledged", "scheduled", "investigating", "allocated", "work in progress"),
        "closed": ("closed", "completed", "complete", "resolved", "done", "fixed", "finished", "actioned", "collected",
                   "not completed", "cancelled", "rejected", "not justified", "no action"),
        "duplicate": ("duplicate", "dup", "duplicated", "duplicate closed", "closed duplicate"),
        "transferred": ("transferred", "referred", "forwarded", "passed on", "passed to",
                        "re routed", "rerouted", "redirected",
                        "misdirected"),
        "test": ("test", "test record", "testing", "training"),
    },
    "stream": {
        "refuse": ("refuse", "residual", "black", "general", "general waste", "rubbish", "household", "household waste",
                   "grey", "trash", "garbage", "domestic", "landfill", "non recyclable", "black bag",
                   "general rubbish"),
        "recycling": ("recycling", "recycle", "recyclables", "blue", "brown recycling", "green recycling", "dry mixed",
                      "paper", "card", "cardboard", "glass", "plastic", "plastics", "cans", "mixed recycling", "box",
                      "co mingled", "dmr", "blue box"),
        "food": ("food", "food waste", "caddy", "food caddy", "food bin", "kitchen", "organic", "organics", "compost",
                 "kitchen waste", "curbside organics"),
        "garden": ("garden", "garden waste", "yard waste", "yard", "green waste", "garden green", "leaf", "leaves",
                   "brown garden", "yard trimmings"),
        "clinical": ("clinical", "clinical waste", "medical", "sharps", "offensive waste"),
        "bulky": ("bulky", "bulk", "bulky waste", "large item", "furniture", "bulk waste"),
        "other": ("other", "textiles", "batteries", "nappy", "nappies", "other waste"),
    },
    "outcome": {
        "justified": ("justified", "upheld", "valid", "genuine", "yes", "y", "true", "confirmed", "our fault",
                      "crew error", "partially upheld"),
        "not-justified": ("not justified", "unjustified", "not upheld", "invalid", "not valid", "no", "n", "false",
                          "rejected", "not presented", "not confirmed", "resident error"),
    },
}  # fmt: skip
# Words beside those above that say nothing about a person.
FILLERS = frozenset({
    "the", "by", "via", "from", "to", "of", "and", "or", "a", "an", "in", "on", "for", "bin", "bins", "waste", "case",
    "report", "reported", "customer", "service", "services", "collection", "missed", "request", "council", "local",
    "centre", "center", "contact", "1", "2", "3", "not", "no", "green", "brown", "purple", "red", "yellow", "white",
    "orange", "bag", "bags", "sack", "weekly", "fortnightly", "communal", "team", "officer", "sr", "action", "work",
})  # fmt: skip


class TransactionWords:
    """Tells one transaction's rows among all of a council's.

    every: for each tuple a word of it must be there (a word that begins so). none: and no word of these.
    """

    def __init__(self, every: tuple[tuple[str, ...], ...], none: tuple[str, ...] = ()) -> None:
        self.every = every
        self.none = none


TRANSACTIONS: dict[str, TransactionWords] = {
    "report-missed-bin": TransactionWords(
        (
            ("missed", "uncollected", "unemptied", "not collected", "not picked up", "not emptied", "late collection"),
            ("bin", "bins", "waste", "refuse", "recycl", "rubbish", "trash", "garbage", "collect", "caddy", "sack",
             "pickup", "pick up", "picked up", "uncollected", "yard", "organics", "bulk"),
        ),
        ("grass", "cutting", "mowing", "sweep", "cleans", "litter", "dog", "appointment", "call", "payment", "visit",
         "school", "gully", "grit", "transport", "meter", "delivery"),
    ),
    "renew-library-book": TransactionWords((("renew",), ("library", "loan", "book"))),
    "pay-council-tax": TransactionWords((("pay",), ("council tax",))),
    "renew-transport-concession": TransactionWords(
        (("renew", "replace"), ("bus pass", "concession", "travel pass", "buspass", "blue badge"))
    ),
}  # fmt: skip

# Texts in place of a date.
NO_DATE = frozenset({
    "null", "none", "nil", "n/a", "na", "#n/a", "-", "--", "---", ".", "?", "nan", "nat", "unknown", "not set",
    "not known", "tbc", "tba", "0", "00/00/0000", "0000-00-00", "0000-00-00 00:00:00", "00/00/0000 00:00",
    "00/00/0000 00:00:00",
    "not applicable", "blank", "(null)", "<null>", "undefined", "open", "ongoing",
})  # fmt: skip

# Texts in place of a reference.
NO_REF = frozenset({
    "null", "none", "nil", "n/a", "na", "#n/a", "-", "--", "---", ".", "?", "nan", "unknown", "not set", "not known",
    "tbc", "tba", "(null)", "<null>", "undefined", "blank", "not applicable", "pending",
})  # fmt: skip
# Words of sums among the words of channels, wards and their kin.
TOTALS = frozenset({"total", "totals", "grand total", "all", "sum", "overall", "all channels", "all wards"})
