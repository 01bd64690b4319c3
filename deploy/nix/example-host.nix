# A machine of one's own, as an example: Synapse, both programs, PostgreSQL, backups. Take it over and change it.
#
#     nixosConfigurations.chat = nixpkgs.lib.nixosSystem {
#       modules = [ bridge.nixosModules.bridge-slack bridge.nixosModules.bridge-bots ./example-host.nix ./hardware.nix ];
#     };
let
  name = "example.org";
  admin = "@you:example.org";
in
{
  services.postgresql.enable = true;

  # Registration and key of each program are made at the first start, and Synapse is given the registrations.
  services.bridge-slack = {
    enable = true;
    registerWithSynapse = true;
    usePostgresql = true;
    backup.enable = true;
    settings = {
      homeserver = { inherit name; };
      permissions = {
        "*" = "relay";
        ${name} = "user";
        ${admin} = "admin";
      };
    };
  };

  services.bridge-bots = {
    enable = true;
    registerWithSynapse = true;
    backup.enable = true;
    settings = {
      homeserver = { inherit name; };
      permissions = {
        ${name} = "user";
        ${admin} = "admin";
      };
      bots.accounts.helper.displayname = "Helper";
      bots.instances.greeter = {
        plugin = "hello";
        account = "helper";
      };
    };
  };

  services.matrix-synapse = {
    enable = true;
    settings = {
      server_name = name;
      # Behind a proxy of your own; the programs reach it here.
      listeners = [
        {
          port = 8008;
          bind_addresses = [ "127.0.0.1" ];
          type = "http";
          tls = false;
          resources = [
            {
              names = [ "client" ];
              compress = false;
            }
          ];
        }
      ];
      database.name = "sqlite3";
    };
  };
}
