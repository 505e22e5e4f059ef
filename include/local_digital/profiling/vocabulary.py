"""The words by which exports call their columns, by canonical field, and the services that they are of.

Plain tables, to be added to with every system that is met. All in lower case, words separated by one space, the best
name of a field first. The words in the cells are in `council_words`.
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
        "transaction no", "transaction number", "transaction ref", "transaction reference", "trans id", "trans no",
        "trans ref", "txn id", "txn ref", "receipt number", "receipt no", "receipt id", "receipt ref",
        "receipt reference", "payment id", "payment number", "payment no", "application id", "application ref",
        "application reference", "application no", "application number", "application ref no", "app ref", "app no",
        "renewal id", "renewal ref", "renewal reference", "renewal no", "session id", "log id", "record id",
        "record no", "record number", "order number", "order id", "form ref", "guid", "uuid", "payment reference",
        "payment ref", "loan id",
    ),
    "reported_at": (
        "date reported", "reported", "reported date", "reported at", "report date", "created", "created at",
        "created date", "date created", "creation date", "created on", "creation time", "opened", "open date",
        "open dt", "opened date", "date opened", "logged", "date logged", "logged date", "logged at", "log date",
        "application date", "date of application", "date applied", "applied date", "applied", "applied on",
        "applied at", "application received", "date application received", "application received date",
        "payment date", "date of payment", "date paid", "paid date", "paid on", "paid at", "payment datetime",
        "payment date time", "payment time", "date renewed", "renewed on", "renewed at", "renewed date",
        "date of renewal", "renewal date", "renewal datetime", "renewal date time", "renewal time", "date time renewed",
        "renewed", "transaction date", "transaction datetime", "transaction date time", "date of transaction",
        "transaction time", "transaction at", "trans date", "txn date", "receipt date", "date of receipt",
        "requested", "requested datetime", "request date", "requested date", "date requested", "received",
        "date received", "received at",
        "received date", "submitted", "submission date", "date submitted", "submitted at", "raised", "date raised",
        "raised date", "enquiry date", "case date", "call date", "contact date", "order date", "date ordered",
        "started at", "posted date", "date posted", "posting date", "value date", "date", "datetime", "date time",
        "timestamp", "started", "start time", "start date",
    ),
    "closed_at": (
        "date closed", "closed", "close date", "closed date", "closed at", "closed dt", "closed on", "completed",
        "completed date", "completion date", "date completed", "completed at", "completed on", "resolved",
        "resolved date",
        "date resolved", "resolution date", "resolved at", "finished", "date finished", "finish date",
        "issued", "date issued", "issued date", "issue date", "issued on", "issued at", "date of issue", "pass issued",
        "date pass issued", "pass issue date", "card issued", "card issue date", "despatched", "dispatched",
        "processed", "date processed", "processed date", "shipped", "date shipped", "shipped date",
        "date despatched", "date dispatched", "despatch date", "dispatch date", "date sent", "sent date", "date posted",
        "printed", "date printed", "print date", "printed date", "production date", "date produced", "decision date",
        "date of decision", "decided", "decided on", "approved", "date approved", "approved date", "approval date",
        "end date", "fixed date", "date fixed", "closing date", "closure date", "closure at",
    ),
    "event_at": (
        "event time", "event date", "event at", "status date", "status time", "status changed", "status changed at",
        "changed", "changed at", "change date", "changed date", "date changed", "action date", "effective date",
        "entry date", "timestamp", "updated", "updated at", "last updated", "updated datetime", "date updated",
        "modified", "last modified", "modified date", "date modified",
    ),
    "channel": (
        "channel", "contact channel", "access channel", "intake channel", "channel type", "channel name",
        "channel description", "payment channel", "renewal channel", "application channel", "transaction channel",
        "source",
        "origin", "case origin", "case source", "method", "contact method", "method received",
        "method received description", "received method", "contact type", "received by", "received via", "how reported",
        "how received", "reported via", "request source", "service request source", "report source", "medium",
        "entry point", "submission method", "open data channel type", "reporting method",
        "renewal method", "method of renewal", "renewed via", "renewal source", "renewal type", "how renewed",
        "payment source", "source of payment", "paid via", "how paid", "receipt source", "where paid",
        "application method", "method of application", "application source", "applied via", "how applied",
        "application route", "route", "how", "transaction source", "transaction method", "interface", "client",
        "client type", "access method", "access type", "terminal type", "station type", "terminal", "station",
        "workstation", "workstation name", "workstation type", "station name", "terminal name", "via",
        "method of receipt", "sales channel", "submission channel", "order channel", "order source",
        "origin type", "source type", "source system", "source code", "collection method", "contact route",
    ),
    "status": ("status", "case status", "current status", "request status", "state", "case state", "status name",
               "sr status", "status description", "application status", "payment status", "transaction status",
               "renewal status", "form status", "session status", "completion status", "pass status", "stage",
               "application stage", "transaction result", "renewal result", "payment result", "result", "outcome",
               "application outcome", "response", "event"),
    "ward": ("ward", "ward name", "electoral ward", "council ward", "ward area", "electoral division", "division",
             "council district", "neighbourhood", "neighborhood"),
    "stream": (
        "bin type", "waste type", "container", "container type", "waste stream", "stream", "bin", "bin colour",
        "bin color", "bin missed", "service", "service type", "collection type", "collection service", "waste service",
        "material", "missed bin type", "which bin",
    ),
    "reason": ("reason", "reason code", "reason missed", "missed reason", "reason for missed collection",
               "missed collection reason", "reason not collected", "reason for non collection", "non collection reason",
               "fail reason", "failure reason", "failed reason", "cause", "crew reason", "crew comment code",
               "reason description", "exception", "exception reason", "exception code", "issue reason",
               "lockout reason", "crew report", "crew report reason", "event reason", "outcome reason",
               "closure reason", "closed reason"),
    "outcome": ("outcome", "justified", "upheld", "is justified", "justified missed", "case outcome", "decision",
                "result", "outcome code"),
    "age_group": (
        "age group", "age band", "age range", "age category", "age bracket", "age class", "ageband", "agegroup",
        "agerange", "borrower age group", "borrower age band", "customer age group", "customer age band",
        "user age group", "patron age group", "age", "ages", "age of borrower", "age profile", "borrower type",
        "borrower category", "borrower profile", "borrower group", "patron type", "patron category", "user profile",
        "user category", "user type", "user group", "customer category", "customer type", "member type",
        "membership type", "membership category", "reader type", "reader category", "profile", "user cat1",
        "user cat 1", "patron group", "ptype", "demographic", "patron code", "patron code description",
        "patron type description", "user profile name", "profile name", "borrower type description",
        "borrower category description", "age group description", "age band description",
        "band",
    ),
    "branch": (
        "branch", "branch name", "library", "library name", "library branch", "branch library", "branch description",
        "library description", "renewal branch", "renewed at branch", "branch renewed", "branch of renewal",
        "transaction branch", "transaction library", "station library", "transaction location", "service point",
        "service point name", "issuing branch", "issue branch", "issuing library", "loan branch", "lending library",
        "lending branch", "item branch", "item library", "owning branch", "owning library", "item location",
        "home branch", "home library", "borrower branch", "borrower library", "user library", "registered branch",
        "branch code", "library code", "site", "site name", "location", "location name", "building name",
    ),
    "payment_method": (
        "payment method", "method of payment", "payment type", "type of payment", "pay method", "mop",
        "payment method description", "payment type description", "mop description", "payment mode", "mode of payment",
        "payment means", "means of payment", "pay type", "tender", "tender type", "tender description",
        "payment instrument", "how paid", "paid by", "receipt type", "payment medium", "payment code", "method",
        "receipt method", "method code", "method description", "card or cash",
    ),
    "concession": (
        "concession", "concession type", "type of concession", "concession category", "concession name", "pass type",
        "type of pass", "pass category", "pass class", "pass name", "bus pass type", "travel pass type",
        "entitlement", "entitlement type", "type of entitlement", "entitlement category", "eligibility",
        "eligibility type", "eligibility category", "eligibility group", "card type", "permit type", "ticket type",
        "product", "product type", "product name", "scheme", "scheme name", "pass scheme", "pass", "customer group",
        "applicant type", "applicant category", "holder type", "cardholder type", "passenger type", "passenger group",
        "customer type", "concession code", "pass code", "category",
    ),
    "request": (
        "request", "application type", "type of application", "request type", "type of request", "app type",
        "new or renewal", "renewal or new", "application or renewal", "new renewal or replacement", "application kind",
        "application reason", "reason for application", "reason for request", "issue type", "issue reason",
        "reason for issue", "order type", "transaction type", "pass request", "pass request type", "card request",
        "job type", "case type", "action", "action type", "reason", "process", "process type", "form type", "form",
        "enquiry type", "service type", "service", "type",
    ),
    "premises_key": ("uprn", "premises id", "premise id", "premises reference", "property id", "property reference",
                     "property ref", "site id", "site uprn", "llpg uprn"),
    "rating": (
        "rating", "satisfaction", "satisfaction rating", "satisfaction score", "customer satisfaction",
        "user satisfaction", "overall satisfaction", "customer satisfaction score", "customer satisfaction rating",
        "csat", "csat score", "satisfaction level", "satisfaction 1 5", "satisfaction out of 5", "rating 1 5",
        "rating out of 5", "feedback score", "feedback rating", "star rating", "stars", "feedback stars",
        "survey score", "survey rating", "survey response", "experience rating", "how satisfied",
        "how satisfied were you", "score", "feedback",
    ),
    "items": (
        "items renewed", "items", "loans renewed", "loans", "number of items", "no of items", "no items",
        "number of items renewed", "no of items renewed", "renewed items", "item count", "items count",
        "number of loans", "no of loans", "no loans", "number of loans renewed", "no of loans renewed", "renewed loans",
        "loan count", "loans count", "total items", "total items renewed", "total loans", "num items", "num loans",
        "books renewed", "books", "number of books", "no of books", "number renewed", "no renewed", "renewed count",
        "stock renewed", "quantity", "qty",
    ),
    "starts": (
        "starts", "started", "transactions started", "started transactions", "number started", "no started",
        "total started", "total starts", "number of starts", "no of starts", "forms started", "sessions started",
        "applications started", "application starts", "payments started", "payment starts", "renewals started",
        "renewal starts", "transactions begun", "begun", "attempts", "number of attempts", "attempted",
        "payments attempted", "renewals attempted", "payment attempts", "initiated", "payments initiated",
        "transactions initiated", "form starts", "sessions",
    ),
    "amount": (
        "amount paid", "payment amount", "amount", "paid amount", "payment value", "value paid", "value of payment",
        "value of payments", "payments value", "amount received", "receipt amount", "receipt value",
        "transaction amount", "transaction value", "amount of payment", "amount gbp", "amount pounds", "paid gbp",
        "payment gbp", "payment total", "total amount", "total paid", "total amount paid", "total value",
        "total payments value", "sum paid", "sum received", "amt", "amt paid", "payment amt", "paid amt", "trans amt",
        "gross amount", "gross", "income", "receipts value", "total received", "total income", "value", "value gbp",
        "value received", "paid", "payment", "received",
    ),
    "count": (
        "count", "completed transactions", "transactions completed", "completed", "completions", "number completed",
        "no completed", "total completed", "payments completed", "completed payments", "renewals completed",
        "completed renewals", "applications completed", "completed applications", "number of transactions",
        "no of transactions", "transaction count", "number of payments", "no of payments", "payment count",
        "number of renewals", "no of renewals", "renewal count", "number of applications", "no of applications",
        "application count", "number of passes", "no of passes", "passes issued", "total transactions",
        "total payments", "total renewals", "total applications", "total passes", "transactions", "payments",
        "renewals", "applications", "passes", "receipts", "renewal transactions", "payment transactions",
        "total", "number", "volume", "cases", "reports", "number of reports", "number of cases",
        "no of reports", "no of cases", "quantity", "qty", "requests", "total reports",
        "missed bins", "missed collections", "bins missed", "collections missed", "enquiries", "submissions",
        "forms submitted", "submitted", "successful", "renewed", "issued", "approved",
    ),
    "period": ("period", "week", "week commencing", "week starting", "week beginning", "w c", "wc", "week ending",
               "week start", "week end", "month", "month ending", "month starting", "month year", "month commencing",
               "period start", "period end", "period starting", "period ending", "reporting period", "reporting month",
               "reporting week", "quarter", "day", "date"),
}  # fmt: skip
# Words in the name of a date that is neither the time of what people did nor of its end: what is due, how long a pass
# holds, when a person was born.
OTHER_DATES = (
    "due", "expiry", "expires", "expire", "expiration", "expired", "valid", "validity", "until", "birth", "born",
    "loan date", "date loaned", "date borrowed", "loaned", "borrowed", "checkout", "check out", "next", "target", "sla",
    "deadline", "joined", "review", "pass start", "pass end", "card start", "card end", "permit start", "permit end",
    "eligible", "eligibility", "instalment", "previous",
)  # fmt: skip

# Names of sums of money, so that no cell is a reference, a number of things or a day since 1900.
MONEY_NAMES = (
    "amount", "amounts", "amt", "value", "price", "cost", "costs", "fee", "fees", "charge", "charges", "balance",
    "arrears", "pounds", "gbp", "pence", "fine", "fines", "income", "revenue", "takings", "vat", "net", "gross",
    "total paid", "total received", "sum paid", "sum received", "surcharge", "refund", "debt",
)  # fmt: skip
# Sums that are no payment.
NOT_PAID = frozenset({
    "due", "owed", "owing", "balance", "arrears", "outstanding", "charge", "charges", "charged", "liability", "fee",
    "fees", "refund", "refunded", "refunds", "vat", "net", "commission", "surcharge", "remaining", "instalment",
    "instalments", "bill", "billed", "budget", "target", "annual", "original", "cost", "costs", "discount", "debt",
    "fine", "fines", "price", "average", "avg", "mean", "limit", "pence", "date",
})  # fmt: skip

# Columns that say which service a row is of, in exports of several.
SERVICE_HEADERS = (
    "service name", "service request type", "request type", "complaint type", "case type", "category", "case category",
    "service category", "enquiry type", "subject", "sr type", "issue type", "type", "case title", "case subject",
    "report type", "service", "subcategory", "sub category", "descriptor", "topic", "incident type", "problem",
    "sr description", "service description", "request description", "issue description", "enquiry description",
    "job description", "form name", "process name", "nature of enquiry", "work type", "classification",
    "fund", "fund name", "fund description", "income type", "income stream", "revenue stream", "payment for",
    "payment type", "debt type", "account type", "transaction type", "transaction description", "transaction",
    "activity type", "activity", "event type", "service requested", "form", "process",
)  # fmt: skip

# `SR Description` and `Form Name` name what was asked for, where they hold a few words.
NAMES_OF_SERVICES = frozenset({"description", "desc", "name", "title"})
THINGS_ASKED_FOR = frozenset({
    "sr", "service", "request", "issue", "enquiry", "job", "form", "process", "case", "incident", "work", "category",
    "type", "problem", "complaint", "ticket", "task", "report", "subject", "fund", "transaction", "income",
})  # fmt: skip

# What a column of personal data is called, by what it holds. Words in one string must all be there.
PERSONAL_HEADERS: dict[str, tuple[str, ...]] = {
    "e-mail": ("email", "e mail", "mailbox"),
    "phone": ("phone", "telephone", "tel", "mobile", "landline", "contact number", "contact no", "fax"),
    "birth or identity": ("dob", "d o b", "birth", "birthdate", "dateofbirth", "birthday", "born", "yob", "nino",
                          "ni number", "ni no", "national insurance", "nhs", "vehicle registration",
                          "registration number", "vrm", "number plate", "gender", "sex", "ethnicity", "ethnic",
                          "nationality", "years old",
                          "passport", "sort code", "iban", "bank account"),
    "account": (
        "account", "acct", "acc no", "acc number", "acc ref", "acc id", "ctaccount", "ctaxaccount", "accountno",
        "accountnumber", "accountref", "accountreference", "accountid", "borrowernumber", "patronid", "userid",
        "card number", "card no", "card serial", "cardnumber", "card id", "pan", "isrn", "smartcard number",
        "smartcard no", "smartcard id", "pass number", "pass no", "pass id", "pass serial", "permit number",
        "permit no", "membership number", "membership no", "membership id", "member number", "member no", "member id",
        "borrower number", "borrower no", "borrower id", "borrower ref", "borrower barcode", "borrower key",
        "patron number", "patron no", "patron id", "patron barcode", "patron key", "reader number", "reader no",
        "reader id", "user id", "user no", "user number", "user barcode", "user key", "library card",
        "library ticket", "customer id", "customer number", "customer no", "customer ref", "customer reference",
        "person id", "person ref", "party id", "liability reference", "mandate", "last 4", "last four",
        "expiry month",
    ),
    "health": ("assisted", "clinical", "medical", "disability", "disabled", "vulnerable", "health", "impairment",
               "diagnosis"),
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
             "raised by", "completed by", "opened by", "resolved by", "inspector", "borrower", "patron", "payer",
             "payee", "tax payer", "taxpayer", "charge payer", "chargepayer", "liable party", "liable person",
             "cardholder", "holder", "passenger", "guardian", "parent", "carer", "librarian", "cashier", "teller",
             "clerk", "manager", "member", "renewed by", "issued by", "approved by", "processed by", "taken by",
             "submitted by", "login"),
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
    "source", "community", "borough", "authority", "product", "queue", "stream", "park", "facility", "branch",
    "library", "concession", "pass", "fund", "method", "site", "scheme", "workstation", "station", "terminal",
})  # fmt: skip
# `Library User Name` names a person, though a library is a thing.
NAMES_OF_PEOPLE = frozenset({
    "user", "borrower", "patron", "customer", "member", "payer", "taxpayer", "holder", "cardholder", "applicant",
    "passenger", "officer", "librarian", "cashier", "reader", "manager", "owner",
})  # fmt: skip
# `Borrower Type` and `Account Type` tell kinds of them, and `Borrower Age Band` no age.
NAMES_OF_KINDS = frozenset({
    "type", "category", "group", "band", "range", "bracket", "class", "status", "branch", "library", "satisfaction",
    "rating", "channel", "cat1", "profile", "count", "method",
})  # fmt: skip


class TransactionWords:
    """Tells one transaction's rows among all of a council's.

    every: for each tuple a word of it must be there (a word that begins so). none: and no word of these. alone: words
    that need no other, where they are all there is: `Renewal` in an export of a library, `Council Tax` among funds.
    """

    def __init__(
        self, every: tuple[tuple[str, ...], ...], none: tuple[str, ...] = (), alone: tuple[str, ...] = ()
    ) -> None:
        self.every = every
        self.none = none
        self.alone = frozenset(alone)


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
    "renew-library-book": TransactionWords(
        (("renew",), ("library", "libraries", "loan", "book", "item", "borrow")),
        ("member", "ticket", "card", "parking", "permit", "garden", "pass", "licen", "badge", "room", "booking",
         "computer", "registration", "fail", "refus"),
        ("renewal", "renewals", "renew", "renewed", "rnw", "charge renew", "renew charge"),
    ),
    "pay-council-tax": TransactionWords(
        (("pay", "paid", "receipt"), ("council tax", "counciltax", "ctax", "c tax")),
        ("reduction", "support", "benefit", "discount", "exempt", "change", "moving", "move", "enquir", "query",
         "refund", "plan", "arrangement", "holiday", "difficult", "set up", "setup", "amend", "cancel", "complain",
         "business", "copy"),
        ("council tax", "counciltax", "ctax", "c tax", "ct", "local tax", "council tax current year",
         "council tax live", "council tax account", "council tax income"),
    ),
    "renew-transport-concession": TransactionWords(
        (
            ("bus pass", "buspass", "concessionary travel", "concessionary fare", "concessionary bus",
             "concessionary pass", "concessionary permit", "travel pass", "travel concession", "travel card",
             "travelcard", "companion pass"),
        ),
        ("blue badge", "parking", "school", "leisure", "gym", "council tax", "garden", "bulky", "library", "complain",
         "enquir", "query", "property", "timetable", "taxi", "appeal"),
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

# Texts in place of a number.
NO_NUMBER = NO_REF | {
    "not rated",
    "no rating",
    "not given",
    "none given",
    "no answer",
    "no response",
    "not answered",
    "skipped",
    "declined",
    "prefer not to say",
    "rather not say",
    "don't know",
    "no score",
    "not recorded",
}
