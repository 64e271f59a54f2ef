"""What people call the columns of their lists, in German and English.

Headers are compared without regard to case, umlauts and signs: ``Kunden-Nr.`` is ``kundennr``.
"""

from __future__ import annotations

import re

from .config.columns import fold

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

HEADERS: dict[str, str] = {
    "UserData": "kundennr kundennummer kdnr kundenid userdata customerno customernumber customerid crmid externeid"
    " externalid mitgliedsnr mitgliedsnummer debitorennr debitornr kontaktid contactid leadid recordid id",
    "Name": "nachname familienname zuname lastname surname familyname name kontaktname kontakt contactname contact"
    " ansprechpartner fullname",
    "FirstName": "vorname rufname firstname givenname",
    "Salutation": "anrede salutation",
    "Title": "titel title akademischertitel",
    "Company": "firma firmenname unternehmen organisation company companyname organization",
    "Address": "strasse strassehausnr strassehausnummer strasseundhausnummer strassenr adresse anschrift street address"
    " streetaddress addressline1",
    "PostalCode": "plz postleitzahl postalcode postcode zip zipcode",
    "City": "ort wohnort stadt city town",
    "Country": "land laendercode staat country countrycode",
    "Region": "bundesland kanton region state province county",
    "AccountOwner": "kontoinhaber accountowner accountholder",
    "AccountBank": "bank kreditinstitut bankname",
    "AccountNationalBankCode": "blz bankleitzahl bankcode sortcode",
    "AccountBIC": "bic swift bicswift swiftcode",
    "AccountNumber": "kontonummer kontonr accountnumber",
    "AccountIBAN": "iban",
    "Amount": "betrag summe saldo offenerbetrag rechnungsbetrag forderung amount balance total amountdue",
    "FaxNumber": "fax faxnummer faxnr telefax faxnumber",
    "Email": "email emailadresse mail mailadresse emailaddress",
    "Website": "website webseite homepage internet web url",
    "Comment": "bemerkung bemerkungen notiz notizen kommentar anmerkung anmerkungen hinweis comment comments note notes"
    " remark remarks",
    "Client": "mandant client",
    "Service": "service dienst",
    "ReferenceNumber": "referenz referenznummer referenznr aktenzeichen vorgangsnummer rechnungsnummer rechnungsnr"
    " vertragsnummer reference referencenumber invoicenumber contractnumber",
    "FollowUpDateTime": "wiedervorlage wiedervorlageam rueckruf rueckrufam followup followupdate callback callbackdate",
    "Tag": "tag tags schlagwort",
}
"""What people call a field, in German and English; the better name comes first."""
CAMPAIGN_HEADER = re.compile(r"(dialler|dialer)?(kampagne|campaign)s?n?(name|id|nr)?")
PHONE_HEADER = re.compile(r"(?!.*fax)(tel|cell|.*(telefon|phone|mobil|handy|festnetz|rufnummer|durchwahl))")

_WORDS = frozenset(word for field, words in HEADERS.items() for word in (field.lower(), *words.split()))


def header_key(name: str) -> str:
    """A header without what does not matter: ``Kunden-Nr.`` → ``kundennr``."""
    return re.sub(r"[\W_]", "", fold(name).translate(_UMLAUTS))


def is_phone_header(name: str) -> bool:
    """Whether a column of this name holds phone numbers."""
    return PHONE_HEADER.match(header_key(name)) is not None


def is_header_word(name: str) -> bool:
    """Whether people call a column of their lists so."""
    return header_key(name) in _WORDS or is_phone_header(name)
