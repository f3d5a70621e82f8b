-- A photo small enough for a list, made by the phone that took it: an object beside the photo's, with its type here.
ALTER TABLE attachments ADD COLUMN thumbnail_type TEXT;
-- In pixels, as the phone says.
ALTER TABLE attachments ADD COLUMN width INTEGER CONSTRAINT attachments_width CHECK (width BETWEEN 1 AND 100000);
ALTER TABLE attachments ADD COLUMN height INTEGER CONSTRAINT attachments_height CHECK (height BETWEEN 1 AND 100000);
