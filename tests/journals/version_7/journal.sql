BEGIN TRANSACTION;
CREATE TABLE before_images (
	run TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	contact_id TEXT NOT NULL, 
	"before" TEXT, 
	"after" TEXT NOT NULL, 
	PRIMARY KEY (run, seq)
);
INSERT INTO "before_images" VALUES('20261129-020055-7e5860',0,'',NULL,'{"DiallerCampaignsID":538,"UserData":"A1","Name":"Ann","PhoneNumber1":"+491713920001"}');
INSERT INTO "before_images" VALUES('20261129-020055-7e5860',1,'',NULL,'{"DiallerCampaignsID":538,"UserData":"A2","Name":"Ben","PhoneNumber1":"+491713920002"}');
INSERT INTO "before_images" VALUES('20261129-020055-7e5860',3,'',NULL,'{"DiallerCampaignsID":538,"UserData":"A4","Name":"Dan","PhoneNumber1":"+491713920004"}');
INSERT INTO "before_images" VALUES('20261129-020056-54289b',0,'1','{"DiallerCampaignsID":538,"UserData":"A1","Name":"Ann","PhoneNumber1":"+491713920001"}','{"DiallerCampaignsID":538,"UserData":"A1","Name":"Anna","PhoneNumber1":"+491713920001"}');
INSERT INTO "before_images" VALUES('20261129-020056-54289b',1,'',NULL,'{"DiallerCampaignsID":538,"UserData":"A5","Name":"Eve","PhoneNumber1":"+491713920005"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',0,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B10","Name":"Name 10","PhoneNumber1":"+491713920010"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',1,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B11","Name":"Name 11","PhoneNumber1":"+491713920011"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',2,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B12","Name":"Name 12","PhoneNumber1":"+491713920012"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',3,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B13","Name":"Name 13","PhoneNumber1":"+491713920013"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',4,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B14","Name":"Name 14","PhoneNumber1":"+491713920014"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',5,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B15","Name":"Name 15","PhoneNumber1":"+491713920015"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',6,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B16","Name":"Name 16","PhoneNumber1":"+491713920016"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',7,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B17","Name":"Name 17","PhoneNumber1":"+491713920017"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',8,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B18","Name":"Name 18","PhoneNumber1":"+491713920018"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',9,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B19","Name":"Name 19","PhoneNumber1":"+491713920019"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',10,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B20","Name":"Name 20","PhoneNumber1":"+491713920020"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',11,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B21","Name":"Name 21","PhoneNumber1":"+491713920021"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',12,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B22","Name":"Name 22","PhoneNumber1":"+491713920022"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',13,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B23","Name":"Name 23","PhoneNumber1":"+491713920023"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',14,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B24","Name":"Name 24","PhoneNumber1":"+491713920024"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',15,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B25","Name":"Name 25","PhoneNumber1":"+491713920025"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',16,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B26","Name":"Name 26","PhoneNumber1":"+491713920026"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',17,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B27","Name":"Name 27","PhoneNumber1":"+491713920027"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',18,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B28","Name":"Name 28","PhoneNumber1":"+491713920028"}');
INSERT INTO "before_images" VALUES('20261129-020057-59fece',19,'',NULL,'{"DiallerCampaignsID":538,"UserData":"B29","Name":"Name 29","PhoneNumber1":"+491713920029"}');
CREATE TABLE failed_cells (
	run TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	cells TEXT NOT NULL, 
	PRIMARY KEY (run, seq)
)
 WITHOUT ROWID

;
INSERT INTO "failed_cells" VALUES('20261129-020055-7e5860',2,'["A3", "", "0171 39; 200; 03"]');
INSERT INTO "failed_cells" VALUES('20261129-020056-54289b',2,'["A3", "", "0171 39; 200; 03"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',3,'["B13", "Name 13", "0171 3920013"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',4,'["B14", "Name 14", "0171 3920014"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',5,'["B15", "Name 15", "0171 3920015"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',6,'["B16", "Name 16", "0171 3920016"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',7,'["B17", "Name 17", "0171 3920017"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',8,'["B18", "Name 18", "0171 3920018"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',9,'["B19", "Name 19", "0171 3920019"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',10,'["B20", "Name 20", "0171 3920020"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',11,'["B21", "Name 21", "0171 3920021"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',12,'["B22", "Name 22", "0171 3920022"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',13,'["B23", "Name 23", "0171 3920023"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',14,'["B24", "Name 24", "0171 3920024"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',15,'["B25", "Name 25", "0171 3920025"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',16,'["B26", "Name 26", "0171 3920026"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',18,'["B28", "Name 28", "0171 3920028"]');
INSERT INTO "failed_cells" VALUES('20261129-020057-59fece',19,'["B29", "Name 29", "0171 3920029"]');
CREATE TABLE inbox_files (
	folder TEXT NOT NULL, 
	name TEXT NOT NULL, 
	mark TEXT NOT NULL, 
	seen_at DOUBLE NOT NULL, 
	told TEXT NOT NULL, 
	PRIMARY KEY (folder, name)
)
 WITHOUT ROWID

;
CREATE TABLE mirror_locks (
	target TEXT NOT NULL, 
	contact_id TEXT NOT NULL, 
	user_data TEXT NOT NULL, 
	run TEXT NOT NULL, 
	PRIMARY KEY (target, contact_id)
)
 WITHOUT ROWID

;
CREATE TABLE notices (
	id INTEGER NOT NULL, 
	target TEXT NOT NULL, 
	event TEXT NOT NULL, 
	body TEXT NOT NULL, 
	delivered BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE rows (
	run TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	file INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	user_data TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	state TEXT NOT NULL, 
	action TEXT NOT NULL, 
	contact_id TEXT NOT NULL, 
	http_status INTEGER, 
	attempts INTEGER NOT NULL, 
	error_code TEXT NOT NULL, 
	error_field TEXT NOT NULL, 
	error TEXT NOT NULL, 
	hint TEXT NOT NULL, 
	sent_at TEXT NOT NULL, 
	newest_id BIGINT NOT NULL, 
	warnings TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (run, seq)
)
 WITHOUT ROWID

;
INSERT INTO "rows" VALUES('20261129-020055-7e5860',0,0,2,'A1','b781cbd247bdbc8d9d6c10227e8c1d0b','succeeded','create','1',200,1,'','','','','2026-11-29T02:00:56.236Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020055-7e5860',1,0,3,'A2','314651afae8a8fb92067639bf363ba16','succeeded','create','2',200,1,'','','','','2026-11-29T02:00:56.248Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020055-7e5860',2,0,4,'A3','','rejected','','',NULL,0,'name_missing; phone_too_short','Name; PhoneNumber1','Name (empty): The row has no Name, and the dialler takes no contact without.; Phone (''0171 39; 200; 03''): ''0171 39'': The phone number has too few digits.','Fill in the name.; Complete the number, with its area code.','',-1,'');
INSERT INTO "rows" VALUES('20261129-020055-7e5860',3,0,5,'A4','cc0ae4c4f0bf151a8bf5da172463c7d7','succeeded','create','3',200,1,'','','','','2026-11-29T02:00:56.248Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020056-54289b',0,0,2,'A1','1c5c197f7c9d8bb904a27e8aabba747e','succeeded','overwrite','1',200,1,'','','','','2026-11-29T02:00:56.984Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020056-54289b',1,0,3,'A5','d801fa0d98c3499fd1927b5b198629e2','succeeded','create','4',200,1,'','','','','2026-11-29T02:00:56.988Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020056-54289b',2,0,4,'A3','','rejected','','',NULL,0,'name_missing; phone_too_short','Name; PhoneNumber1','Name (empty): The row has no Name, and the dialler takes no contact without.; Phone (''0171 39; 200; 03''): ''0171 39'': The phone number has too few digits.','Fill in the name.; Complete the number, with its area code.','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',0,0,2,'B10','80162713460284370d5596db6a0e29ff','succeeded','create','5',200,1,'','','','','2026-11-29T02:00:57.277Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',1,0,3,'B11','ad2a902888cc902cfc2c37db40f7490c','succeeded','create','6',200,1,'','','','','2026-11-29T02:00:57.291Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',2,0,4,'B12','cf0406473844d2fa00f87408f7392cdd','succeeded','create','8',200,1,'','','','','2026-11-29T02:00:57.292Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',3,0,5,'B13','2782c907f73b398f537f80ca50e73de6','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',4,0,6,'B14','5e416158fa29703fd4792a70436f8bf5','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',5,0,7,'B15','3b79f5a19493839017b50c8655143db6','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',6,0,8,'B16','72764c5239ee9814d96c8515103ba1ae','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',7,0,9,'B17','63a38c2bf99914d85de6ff5389b4eb5f','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',8,0,10,'B18','72a72598c8f9fc03b2b7f78456940739','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',9,0,11,'B19','c222275fe4adbf5a77c3f9b96fa245a3','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',10,0,12,'B20','e7b1476aa6784027bba5384067c0faf1','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',11,0,13,'B21','a8a755d73a7a0100a2487eedd7bc8d83','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',12,0,14,'B22','d4a11e91d08f72afe0f469253edb5e04','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',13,0,15,'B23','bbf2f8589f3100ecb7a9ef40b2791b8b','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',14,0,16,'B24','9543c1de6af8afa57bb1424e69358b01','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',15,0,17,'B25','8cd9e12c796a0a7c53771033b5912c35','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',16,0,18,'B26','b38290d49cb605164b2d10f264a85cdb','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',17,0,19,'B27','bf115453aa1b4e68fd2836993919b51c','succeeded','create','7',200,1,'','','','','2026-11-29T02:00:57.319Z',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',18,0,20,'B28','b08f2186b857d00040ea46461b01fe42','pending','create','',NULL,0,'','','','','',-1,'');
INSERT INTO "rows" VALUES('20261129-020057-59fece',19,0,21,'B29','075741ba7be24f3048ac23451fcd6ba0','pending','create','',NULL,0,'','','','','',-1,'');
CREATE TABLE runs (
	id TEXT NOT NULL, 
	parent TEXT, 
	command TEXT NOT NULL, 
	target TEXT NOT NULL, 
	campaign TEXT NOT NULL, 
	out TEXT NOT NULL, 
	config_path TEXT NOT NULL, 
	config TEXT NOT NULL, 
	options TEXT NOT NULL, 
	files TEXT NOT NULL, 
	rows INTEGER, 
	started_at TEXT NOT NULL, 
	finished_at TEXT, 
	state TEXT NOT NULL, 
	summary TEXT, 
	planned BOOLEAN NOT NULL, 
	folded BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('20261129-020055-7e5860',NULL,'import','localhost:@PORT@/rest/v1.0/1#538','538','@HOME@/reports/20261129-020055-7e5860','@HOME@/dialler-sync.yaml','{"dialler.base_url": "\"http://127.0.0.1:@PORT@/rest/v1.0\"", "dialler.clients_id": "1", "dialler.allow_http": "false", "dialler.release": "\"3.19\"", "dialler.endpoints": "{}", "campaign.id": "538", "campaign.name": "null", "campaign.column": "null", "source.sheet": "null", "source.encoding": "\"auto\"", "source.delimiter": "\"auto\"", "source.quote": "\"auto\"", "source.escape": "\"auto\"", "source.header": "\"auto\"", "source.columns": "null", "source.max_file_mb": "4096", "source.max_columns": "2000", "source.max_cell_chars": "1000000", "columns.UserData.column": "\"Key\"", "columns.UserData.first_of": "null", "columns.UserData.template": "null", "columns.UserData.join": "null", "columns.UserData.value": "null", "columns.UserData.split": "null", "columns.UserData.trim": "false", "columns.UserData.case": "null", "columns.UserData.values": "null", "columns.UserData.unlisted": "\"keep\"", "columns.UserData.region": "null", "columns.UserData.region_column": "null", "columns.UserData.several": "null", "columns.UserData.extension": "\"drop\"", "columns.UserData.decimal": "null", "columns.UserData.thousands": "null", "columns.UserData.currency": "null", "columns.UserData.formats": "null", "columns.Name.column": "\"Name\"", "columns.Name.first_of": "null", "columns.Name.template": "null", "columns.Name.join": "null", "columns.Name.value": "null", "columns.Name.split": "null", "columns.Name.trim": "false", "columns.Name.case": "null", "columns.Name.values": "null", "columns.Name.unlisted": "\"keep\"", "columns.Name.region": "null", "columns.Name.region_column": "null", "columns.Name.several": "null", "columns.Name.extension": "\"drop\"", "columns.Name.decimal": "null", "columns.Name.thousands": "null", "columns.Name.currency": "null", "columns.Name.formats": "null", "columns.PhoneNumber1.column": "\"Phone\"", "columns.PhoneNumber1.first_of": "null", "columns.PhoneNumber1.template": "null", "columns.PhoneNumber1.join": "null", "columns.PhoneNumber1.value": "null", "columns.PhoneNumber1.split": "null", "columns.PhoneNumber1.trim": "false", "columns.PhoneNumber1.case": "null", "columns.PhoneNumber1.values": "null", "columns.PhoneNumber1.unlisted": "\"keep\"", "columns.PhoneNumber1.region": "\"DE\"", "columns.PhoneNumber1.region_column": "null", "columns.PhoneNumber1.several": "null", "columns.PhoneNumber1.extension": "\"drop\"", "columns.PhoneNumber1.decimal": "null", "columns.PhoneNumber1.thousands": "null", "columns.PhoneNumber1.currency": "null", "columns.PhoneNumber1.formats": "null", "rows.overwrite_duplicates": "true", "rows.duplicate_keys": "\"last\"", "rows.too_long": "\"reject\"", "rows.phone_format": "\"plus\"", "rows.empty_cells": "\"omit\"", "rows.compare": "\"none\"", "rows.max_errors": "null", "suppress": "[]", "protect.follow_up": "false", "protect.locked": "false", "mirror.missing": "\"keep\"", "mirror.max_missing.rows": "null", "mirror.max_missing.percent": "5.0", "journal.before_images": "true"}','{"source": {}, "dry_run": false, "limit": null, "compare": "none", "adopt": false, "mask": null, "mark": false, "cluster": null, "suppress": {}, "max_errors": null, "max_missing": "5%", "mended": false, "mapped": {"UserData": [["Key"]], "Name": [["Name"]], "PhoneNumber1": [["Phone"]]}}','[{"name": "first.csv", "path": "@HOME@/first.csv", "sheet": null, "sha256": "ba44ca471d89f5a6bcffdb124260f393e71db882115a40294acaff5c826788b2", "inode": 2499433, "rows": 4, "layout": {"format": "csv", "columns": ["Key", "Name", "Phone"], "encoding": "utf-8", "delimiter": ",", "quote": "\"", "escape": "double", "line_end": "LF", "header_rows": [1], "first_row": 2}}]',4,'2026-11-29T02:00:55.343Z','2026-11-29T02:00:56Z','finished','{"run_id": "20261129-020055-7e5860", "command": "import", "started_at": "2026-11-29T02:00:55.343Z", "finished_at": "2026-11-29T02:00:56Z", "duration_s": 0.934, "files": [{"name": "first.csv", "path": "@HOME@/first.csv", "sheet": null, "sha256": "ba44ca471d89f5a6bcffdb124260f393e71db882115a40294acaff5c826788b2", "inode": 2499433, "rows": 4, "layout": {"format": "csv", "columns": ["Key", "Name", "Phone"], "encoding": "utf-8", "delimiter": ",", "quote": "\"", "escape": "double", "line_end": "LF", "header_rows": [1], "first_row": 2}}], "campaign": 538, "counts": {"read": 4, "succeeded": 3, "rejected": 1, "failed": 0, "skipped": 0, "unknown": 0, "unprocessed": 0}, "actions": {"create": 3, "overwrite": 0, "import": 0, "unchanged": 0, "superseded": 0, "suppressed": 0, "protected": 0, "lock": 0, "unlock": 0, "delete": 0}, "requests": 4, "retries": 0, "rows_per_s": 76.2, "exit_code": 4, "stopped_because": null, "dry_run": false, "parent": null, "version": "0.1.0", "out": "@HOME@/reports/20261129-020055-7e5860", "changed_fields": {}, "errors": {"name_missing": 1, "phone_too_short": 1}, "warnings": {}, "mirror": {}, "compared": {}, "latency": {"requests": 4, "p50_ms": 11.5, "p95_ms": 124.442, "max_ms": 124.442, "histogram": {"8": 1, "11.5": 2, "128": 1}, "over_time": [{"at": "2026-11-29T02:00:56Z", "seconds": 1.0, "requests": 4, "p50_ms": 11.5, "p95_ms": 124.442, "max_ms": 124.442}]}, "rows_sent": 3, "sending_s": 0.039, "rows_per_s_overall": 4.3}',1,1);
INSERT INTO "runs" VALUES('20261129-020056-54289b',NULL,'import','localhost:@PORT@/rest/v1.0/1#538','538','@HOME@/reports/20261129-020056-54289b','@HOME@/dialler-sync.yaml','{"dialler.base_url": "\"http://127.0.0.1:@PORT@/rest/v1.0\"", "dialler.clients_id": "1", "dialler.allow_http": "false", "dialler.release": "\"3.19\"", "dialler.endpoints": "{}", "campaign.id": "538", "campaign.name": "null", "campaign.column": "null", "source.sheet": "null", "source.encoding": "\"auto\"", "source.delimiter": "\"auto\"", "source.quote": "\"auto\"", "source.escape": "\"auto\"", "source.header": "\"auto\"", "source.columns": "null", "source.max_file_mb": "4096", "source.max_columns": "2000", "source.max_cell_chars": "1000000", "columns.UserData.column": "\"Key\"", "columns.UserData.first_of": "null", "columns.UserData.template": "null", "columns.UserData.join": "null", "columns.UserData.value": "null", "columns.UserData.split": "null", "columns.UserData.trim": "false", "columns.UserData.case": "null", "columns.UserData.values": "null", "columns.UserData.unlisted": "\"keep\"", "columns.UserData.region": "null", "columns.UserData.region_column": "null", "columns.UserData.several": "null", "columns.UserData.extension": "\"drop\"", "columns.UserData.decimal": "null", "columns.UserData.thousands": "null", "columns.UserData.currency": "null", "columns.UserData.formats": "null", "columns.Name.column": "\"Name\"", "columns.Name.first_of": "null", "columns.Name.template": "null", "columns.Name.join": "null", "columns.Name.value": "null", "columns.Name.split": "null", "columns.Name.trim": "false", "columns.Name.case": "null", "columns.Name.values": "null", "columns.Name.unlisted": "\"keep\"", "columns.Name.region": "null", "columns.Name.region_column": "null", "columns.Name.several": "null", "columns.Name.extension": "\"drop\"", "columns.Name.decimal": "null", "columns.Name.thousands": "null", "columns.Name.currency": "null", "columns.Name.formats": "null", "columns.PhoneNumber1.column": "\"Phone\"", "columns.PhoneNumber1.first_of": "null", "columns.PhoneNumber1.template": "null", "columns.PhoneNumber1.join": "null", "columns.PhoneNumber1.value": "null", "columns.PhoneNumber1.split": "null", "columns.PhoneNumber1.trim": "false", "columns.PhoneNumber1.case": "null", "columns.PhoneNumber1.values": "null", "columns.PhoneNumber1.unlisted": "\"keep\"", "columns.PhoneNumber1.region": "\"DE\"", "columns.PhoneNumber1.region_column": "null", "columns.PhoneNumber1.several": "null", "columns.PhoneNumber1.extension": "\"drop\"", "columns.PhoneNumber1.decimal": "null", "columns.PhoneNumber1.thousands": "null", "columns.PhoneNumber1.currency": "null", "columns.PhoneNumber1.formats": "null", "rows.overwrite_duplicates": "true", "rows.duplicate_keys": "\"last\"", "rows.too_long": "\"reject\"", "rows.phone_format": "\"plus\"", "rows.empty_cells": "\"omit\"", "rows.compare": "\"none\"", "rows.max_errors": "null", "suppress": "[]", "protect.follow_up": "false", "protect.locked": "false", "mirror.missing": "\"keep\"", "mirror.max_missing.rows": "null", "mirror.max_missing.percent": "5.0", "journal.before_images": "true"}','{"source": {}, "dry_run": false, "limit": null, "compare": "journal", "adopt": false, "mask": null, "mark": false, "cluster": null, "suppress": {}, "max_errors": null, "max_missing": "5%", "mended": false, "mapped": {"UserData": [["Key"]], "Name": [["Name"]], "PhoneNumber1": [["Phone"]]}, "compared": {}}','[{"name": "first.csv", "path": "@HOME@/first.csv", "sheet": null, "sha256": "2c7292fef01bb3c17084d52a21593aa804b38b556bc2a4456e895e46a8e91420", "inode": 2499433, "rows": 3, "layout": {"format": "csv", "columns": ["Key", "Name", "Phone"], "encoding": "utf-8", "delimiter": ",", "quote": "\"", "escape": "double", "line_end": "LF", "header_rows": [1], "first_row": 2}}]',3,'2026-11-29T02:00:56.791Z','2026-11-29T02:00:57Z','finished','{"run_id": "20261129-020056-54289b", "command": "import", "started_at": "2026-11-29T02:00:56.791Z", "finished_at": "2026-11-29T02:00:57Z", "duration_s": 0.209, "files": [{"name": "first.csv", "path": "@HOME@/first.csv", "sheet": null, "sha256": "2c7292fef01bb3c17084d52a21593aa804b38b556bc2a4456e895e46a8e91420", "inode": 2499433, "rows": 3, "layout": {"format": "csv", "columns": ["Key", "Name", "Phone"], "encoding": "utf-8", "delimiter": ",", "quote": "\"", "escape": "double", "line_end": "LF", "header_rows": [1], "first_row": 2}}], "campaign": 538, "counts": {"read": 3, "succeeded": 2, "rejected": 1, "failed": 0, "skipped": 0, "unknown": 0, "unprocessed": 0}, "actions": {"create": 1, "overwrite": 1, "import": 0, "unchanged": 0, "superseded": 0, "suppressed": 0, "protected": 0, "lock": 0, "unlock": 0, "delete": 0}, "requests": 3, "retries": 0, "rows_per_s": 88.3, "exit_code": 4, "stopped_because": null, "dry_run": false, "parent": null, "version": "0.1.0", "out": "@HOME@/reports/20261129-020056-54289b", "changed_fields": {"Name": 1}, "errors": {"name_missing": 1, "phone_too_short": 1}, "warnings": {}, "mirror": {}, "compared": {}, "latency": {"requests": 3, "p50_ms": 9.0, "p95_ms": 10.946, "max_ms": 10.946, "histogram": {"2.875": 1, "9": 1, "11": 1}, "over_time": [{"at": "2026-11-29T02:00:56Z", "seconds": 1.0, "requests": 3, "p50_ms": 9.0, "p95_ms": 10.946, "max_ms": 10.946}]}, "rows_sent": 2, "sending_s": 0.023, "rows_per_s_overall": 14.3}',1,1);
INSERT INTO "runs" VALUES('20261129-020057-59fece',NULL,'import','localhost:@PORT@/rest/v1.0/1#538','538','@HOME@/reports/20261129-020057-59fece','@HOME@/dialler-sync.yaml','{"dialler.base_url": "\"http://127.0.0.1:@PORT@/rest/v1.0\"", "dialler.clients_id": "1", "dialler.allow_http": "false", "dialler.release": "\"3.19\"", "dialler.endpoints": "{}", "campaign.id": "538", "campaign.name": "null", "campaign.column": "null", "source.sheet": "null", "source.encoding": "\"auto\"", "source.delimiter": "\"auto\"", "source.quote": "\"auto\"", "source.escape": "\"auto\"", "source.header": "\"auto\"", "source.columns": "null", "source.max_file_mb": "4096", "source.max_columns": "2000", "source.max_cell_chars": "1000000", "columns.UserData.column": "\"Key\"", "columns.UserData.first_of": "null", "columns.UserData.template": "null", "columns.UserData.join": "null", "columns.UserData.value": "null", "columns.UserData.split": "null", "columns.UserData.trim": "false", "columns.UserData.case": "null", "columns.UserData.values": "null", "columns.UserData.unlisted": "\"keep\"", "columns.UserData.region": "null", "columns.UserData.region_column": "null", "columns.UserData.several": "null", "columns.UserData.extension": "\"drop\"", "columns.UserData.decimal": "null", "columns.UserData.thousands": "null", "columns.UserData.currency": "null", "columns.UserData.formats": "null", "columns.Name.column": "\"Name\"", "columns.Name.first_of": "null", "columns.Name.template": "null", "columns.Name.join": "null", "columns.Name.value": "null", "columns.Name.split": "null", "columns.Name.trim": "false", "columns.Name.case": "null", "columns.Name.values": "null", "columns.Name.unlisted": "\"keep\"", "columns.Name.region": "null", "columns.Name.region_column": "null", "columns.Name.several": "null", "columns.Name.extension": "\"drop\"", "columns.Name.decimal": "null", "columns.Name.thousands": "null", "columns.Name.currency": "null", "columns.Name.formats": "null", "columns.PhoneNumber1.column": "\"Phone\"", "columns.PhoneNumber1.first_of": "null", "columns.PhoneNumber1.template": "null", "columns.PhoneNumber1.join": "null", "columns.PhoneNumber1.value": "null", "columns.PhoneNumber1.split": "null", "columns.PhoneNumber1.trim": "false", "columns.PhoneNumber1.case": "null", "columns.PhoneNumber1.values": "null", "columns.PhoneNumber1.unlisted": "\"keep\"", "columns.PhoneNumber1.region": "\"DE\"", "columns.PhoneNumber1.region_column": "null", "columns.PhoneNumber1.several": "null", "columns.PhoneNumber1.extension": "\"drop\"", "columns.PhoneNumber1.decimal": "null", "columns.PhoneNumber1.thousands": "null", "columns.PhoneNumber1.currency": "null", "columns.PhoneNumber1.formats": "null", "rows.overwrite_duplicates": "true", "rows.duplicate_keys": "\"last\"", "rows.too_long": "\"reject\"", "rows.phone_format": "\"plus\"", "rows.empty_cells": "\"omit\"", "rows.compare": "\"none\"", "rows.max_errors": "null", "suppress": "[]", "protect.follow_up": "false", "protect.locked": "false", "mirror.missing": "\"keep\"", "mirror.max_missing.rows": "null", "mirror.max_missing.percent": "5.0", "journal.before_images": "true"}','{"source": {}, "dry_run": false, "limit": null, "compare": "none", "adopt": false, "mask": null, "mark": false, "cluster": null, "suppress": {}, "max_errors": null, "max_missing": "5%", "mended": false, "mapped": {"UserData": [["Key"]], "Name": [["Name"]], "PhoneNumber1": [["Phone"]]}}','[{"name": "second.csv", "path": "@HOME@/second.csv", "sheet": null, "sha256": "d3039cad90237ba28d747eeebf916561644103776cf0b876c9817f1636c0406f", "inode": 2499434, "rows": 20, "layout": {"format": "csv", "columns": ["Key", "Name", "Phone"], "encoding": "utf-8", "delimiter": ",", "quote": "\"", "escape": "double", "line_end": "LF", "header_rows": [1], "first_row": 2}}]',20,'2026-11-29T02:00:57.185Z','2026-11-29T02:00:58Z','stopped','{"run_id": "20261129-020057-59fece", "command": "import", "started_at": "2026-11-29T02:00:57.185Z", "finished_at": "2026-11-29T02:00:58Z", "duration_s": 1.155, "files": [{"name": "second.csv", "path": "@HOME@/second.csv", "sheet": null, "sha256": "d3039cad90237ba28d747eeebf916561644103776cf0b876c9817f1636c0406f", "inode": 2499434, "rows": 20, "layout": {"format": "csv", "columns": ["Key", "Name", "Phone"], "encoding": "utf-8", "delimiter": ",", "quote": "\"", "escape": "double", "line_end": "LF", "header_rows": [1], "first_row": 2}}], "campaign": 538, "counts": {"read": 20, "succeeded": 4, "rejected": 0, "failed": 0, "skipped": 0, "unknown": 0, "unprocessed": 16}, "actions": {"create": 4, "overwrite": 0, "import": 0, "unchanged": 0, "superseded": 0, "suppressed": 0, "protected": 0, "lock": 0, "unlock": 0, "delete": 0}, "requests": 30, "retries": 8, "rows_per_s": 3.7, "exit_code": 5, "stopped_because": "the dialler has kept failing for 1 s: HTTP 503 Service Unavailable (text/html: \"503 Service Unavailable 503 Service Unavailable\")", "dry_run": false, "parent": null, "version": "0.1.0", "out": "@HOME@/reports/20261129-020057-59fece", "changed_fields": {}, "errors": {}, "warnings": {}, "mirror": {}, "compared": {}, "latency": {"requests": 30, "p50_ms": 25.0, "p95_ms": 40.0, "max_ms": 48.16, "histogram": {"1.125": 1, "1.1875": 7, "1.25": 1, "5": 1, "7.5": 1, "12.5": 1, "14.5": 1, "17": 1, "25": 4, "27": 1, "28": 3, "29": 2, "32": 2, "36": 2, "40": 1, "50": 1}, "over_time": [{"at": "2026-11-29T02:00:57Z", "seconds": 1.0, "requests": 28, "p50_ms": 25.0, "p95_ms": 40.0, "max_ms": 48.16}, {"at": "2026-11-29T02:00:58Z", "seconds": 1.0, "requests": 2, "p50_ms": 1.125, "p95_ms": 1.138, "max_ms": 1.138}]}, "rows_sent": 4, "sending_s": 1.074, "rows_per_s_overall": 17.3}',1,0);
CREATE TABLE schema_version (
	version INTEGER NOT NULL
);
INSERT INTO "schema_version" VALUES(7);
CREATE TABLE sent (
	target TEXT NOT NULL, 
	user_data TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	contact_id TEXT NOT NULL, 
	run TEXT NOT NULL, 
	sent_at TEXT NOT NULL, 
	PRIMARY KEY (target, user_data)
)
 WITHOUT ROWID

;
INSERT INTO "sent" VALUES('localhost:@PORT@/rest/v1.0/1#538','A1','1c5c197f7c9d8bb904a27e8aabba747e','1','20261129-020056-54289b','2026-11-29T02:00:56.984Z');
INSERT INTO "sent" VALUES('localhost:@PORT@/rest/v1.0/1#538','A2','314651afae8a8fb92067639bf363ba16','2','20261129-020055-7e5860','2026-11-29T02:00:56.248Z');
INSERT INTO "sent" VALUES('localhost:@PORT@/rest/v1.0/1#538','A4','cc0ae4c4f0bf151a8bf5da172463c7d7','3','20261129-020055-7e5860','2026-11-29T02:00:56.248Z');
INSERT INTO "sent" VALUES('localhost:@PORT@/rest/v1.0/1#538','A5','d801fa0d98c3499fd1927b5b198629e2','4','20261129-020056-54289b','2026-11-29T02:00:56.988Z');
CREATE INDEX ix_runs_target ON runs (target);
CREATE INDEX ix_notices_target ON notices (target);
COMMIT;
