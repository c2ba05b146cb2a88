"""A small registry with a row of everything, as files."""

from pathlib import Path

HOME, OTHER_HOME = "d-0123456789abcdef", "d-fedcba9876543210"
PERSON, OTHER_PERSON = "p-00112233445566aa", "p-aa66554433221100"
CONTACT = "c-0a1b2c3d4e5f6071"

SAMPLE = {
    "areas": """code,name,level,parent,valid_from,valid_to,predecessors
500000,重庆市,city,,,,
500103,渝中区,,,,,
500103003,,,,,,
500103003001,,,,2020-01-01,,
500105,江北区,,,,2025-11-05,
500112,渝北区,,,,2025-11-05,
500199,,district,500000,2025-11-06,,500105 500112
""",
    "premises": f"""premises,area,rooms,floor_area_m2
{HOME},500103003001,2,61.5
{OTHER_HOME},500199,,
""",
    "devices": f"""kind,device,area,model,size,premises,installed,removed,bulk_of
water_meter,wm-1,500103003001,LXS-15E,DN15,{HOME},2024-05-01,,
water_meter,wm-2,500199,,,{OTHER_HOME},2024-05-01,2026-01-02T03:04:05+08:00,
water_meter,bulk-1,500103003,,,,,,500103003001
door,door-1,500103003001,,,,,,
gas_monitor,gm-1,500103,,,,,,
""",
    "placements": """kind,device,until,area,premises
water_meter,wm-2,2025-11-06,500112,
""",
    "care": f"""premises,person,care
{HOME},{PERSON},disabled
{HOME},{OTHER_PERSON},elderly_alone
""",
    "leases": f"""premises,person,since,until
{HOME},{PERSON},2025-01-01,2025-12-31
{HOME},{PERSON},2026-01-01,2026-12-31
""",
    "authorisations": f"""premises,person,door,since,until
{HOME},{PERSON},door-1,,2026-12-31
{OTHER_HOME},{OTHER_PERSON},door-1,,
""",
    "quiet": f"""reason,premises,kind,device,since,until
away,{HOME},,,2026-02-01,2026-03-08
maintenance,,gas_monitor,gm-1,,2026-03-01T12:00:00+08:00
""",
    "contacts": f"""place,rank,contact
500103003,1,{CONTACT}
{HOME},2,{CONTACT}
""",
    "limits": f"""place,rule,parameter,value,strictest
500000,gas_level_ch4,level_1,20,12
500103003,gas_level_ch4,level_1,15,
{HOME},gas_level_ch4,level_1,12.5,
""",
}


def write_sample(folder: Path, **changed: str) -> Path:
    """Write the sample with some tables otherwise."""
    folder.mkdir(exist_ok=True)
    for name, text in {**SAMPLE, **changed}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def read_sample(folder: Path) -> dict[str, str]:
    """Return the files of a folder by table."""
    return {file.stem: file.read_text(encoding="utf-8") for file in folder.iterdir()}
