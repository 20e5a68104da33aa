"""Countries as Discogs writes them, and their codes.

A release of several countries, or of a part of the world, has a text that is no country: it has a
code only where there is one for exactly that. Codes of countries that are no more, and of Europe
and the world, are those that MusicBrainz writes.

Source: Discogs database guideline 7 (country); ISO 3166-1 and 3166-3.
"""

from __future__ import annotations

from phonotheque.catalogue.sources.values import Made

NO_COUNTRY = "a country that has no code of its own"

_WRITTEN = """
    AD Andorra; AE United Arab Emirates; AF Afghanistan; AG Antigua & Barbuda; AI Anguilla;
    AL Albania; AM Armenia; AO Angola; AQ Antarctica; AR Argentina; AS American Samoa; AT Austria;
    AU Australia; AW Aruba; AZ Azerbaijan; BA Bosnia & Herzegovina; BB Barbados; BD Bangladesh;
    BE Belgium; BF Burkina Faso; BG Bulgaria; BH Bahrain; BI Burundi; BJ Benin; BM Bermuda;
    BN Brunei; BO Bolivia; BR Brazil; BS Bahamas, The; BT Bhutan; BW Botswana; BY Belarus;
    BZ Belize; CA Canada; CD Zaire; CD Congo, Democratic Republic of the;
    CF Central African Republic; CG Congo, Republic of the; CH Switzerland; CI Ivory Coast;
    CK Cook Islands; CL Chile; CM Cameroon; CN China; CO Colombia; CR Costa Rica;
    CS Serbia and Montenegro; CU Cuba; CV Cape Verde; CY Cyprus; CZ Czech Republic; DE Germany;
    DJ Djibouti; DK Denmark; DM Dominica; DO Dominican Republic; DZ Algeria; EC Ecuador;
    EE Estonia; EG Egypt; ER Eritrea; ES Spain; ET Ethiopia; FI Finland; FJ Fiji;
    FK Falkland Islands; FM Micronesia; FO Faroe Islands; FR France; GA Gabon; GB UK; GD Grenada;
    GE Georgia; GF French Guiana; GG Guernsey; GH Ghana; GI Gibraltar; GL Greenland; GM Gambia, The;
    GN Guinea; GP Guadeloupe; GQ Equatorial Guinea; GR Greece; GT Guatemala; GU Guam;
    GW Guinea-Bissau; GY Guyana; HK Hong Kong; HN Honduras; HR Croatia; HT Haiti; HU Hungary;
    ID Indonesia; IE Ireland; IL Israel; IM Isle Of Man; IN India; IQ Iraq; IR Iran; IS Iceland;
    IT Italy; JE Jersey; JM Jamaica; JO Jordan; JP Japan; KE Kenya; KG Kyrgyzstan; KH Cambodia;
    KI Kiribati; KM Comoros; KN Saint Kitts and Nevis; KP North Korea; KR South Korea; KW Kuwait;
    KY Cayman Islands; KZ Kazakhstan; LA Laos; LB Lebanon; LC Saint Lucia; LI Liechtenstein;
    LK Sri Lanka; LR Liberia; LS Lesotho; LT Lithuania; LU Luxembourg; LV Latvia; LY Libya;
    MA Morocco; MC Monaco; MD Moldova, Republic of; ME Montenegro; MG Madagascar;
    MH Marshall Islands; MK Macedonia; ML Mali; MM Burma; MN Mongolia; MO Macau; MQ Martinique;
    MR Mauritania; MS Montserrat; MT Malta; MU Mauritius; MV Maldives; MW Malawi; MX Mexico;
    MY Malaysia; MZ Mozambique; NA Namibia; NC New Caledonia; NE Niger; NF Norfolk Island;
    NG Nigeria; NI Nicaragua; NL Netherlands; NO Norway; NP Nepal; NR Nauru; NU Niue;
    NZ New Zealand; OM Oman; PA Panama; PE Peru; PF French Polynesia; PG Papua New Guinea;
    PH Philippines; PK Pakistan; PL Poland; PM Saint Pierre and Miquelon; PN Pitcairn Islands;
    PR Puerto Rico; PS Palestine; PT Portugal; PW Palau; PY Paraguay; QA Qatar; RE Reunion;
    RO Romania; RS Serbia; RU Russia; RW Rwanda; SA Saudi Arabia; SB Solomon Islands;
    SC Seychelles; SD Sudan; SE Sweden; SG Singapore; SH Saint Helena; SI Slovenia; SK Slovakia;
    SL Sierra Leone; SM San Marino; SN Senegal; SO Somalia; SR Suriname; SS South Sudan;
    ST Sao Tome and Principe; SU USSR; SV El Salvador; SY Syria; SZ Swaziland;
    TC Turks and Caicos Islands; TD Chad; TG Togo; TH Thailand; TJ Tajikistan; TK Tokelau;
    TL East Timor; TM Turkmenistan; TN Tunisia; TO Tonga; TR Turkey; TT Trinidad & Tobago;
    TV Tuvalu; TW Taiwan; TZ Tanzania; UA Ukraine; UG Uganda; US US; UY Uruguay; UZ Uzbekistan;
    VA Vatican City; VC Saint Vincent and the Grenadines; VE Venezuela;
    VG British Virgin Islands; VI Virgin Islands; VN Vietnam; VU Vanuatu; WF Wallis and Futuna;
    WS Samoa; XC Czechoslovakia; XE Europe; XG German Democratic Republic (GDR); XK Kosovo;
    XW Worldwide; YE Yemen; YT Mayotte; YU Yugoslavia; ZA South Africa; ZM Zambia; ZW Zimbabwe
"""
_CODES = {
    name: code
    for code, _, name in (" ".join(one.split()).partition(" ") for one in _WRITTEN.split(";"))
}


def country_code(written: str | None) -> Made:
    """Return the code of a country; of what is none, why it was dropped."""
    name = (written or "").strip()
    if not name or name == "Unknown":
        return Made(None)
    code = _CODES.get(name)
    return Made(code) if code else Made(None, NO_COUNTRY)
