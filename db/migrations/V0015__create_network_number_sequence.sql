-- VXLAN network identifiers; the first 4096 stay free for the provider's own segments.
CREATE SEQUENCE network_vni AS integer MINVALUE 4096 MAXVALUE 16777215;
GRANT USAGE ON SEQUENCE network_vni TO freehold_portal, freehold_system;
